"""What the router decides, as values and plain functions: no clock, no wire, no log."""
