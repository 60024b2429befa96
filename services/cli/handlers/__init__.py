"""One module per command: load, decide, apply."""
