"""Give each contact to one caller session, and each ready session its next contact."""
