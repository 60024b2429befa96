"""Give each contact exactly one ruling: its centre, a hold or a refusal."""
