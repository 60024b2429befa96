"""What grows with what: cost, memory and takeover against the size of things."""
