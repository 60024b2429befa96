"""What the operator's hand computes: no I/O, no clock, no wire."""
