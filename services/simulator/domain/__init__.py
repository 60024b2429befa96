"""What a rehearsal consists of: plain seeded functions; chance and time are arguments."""
