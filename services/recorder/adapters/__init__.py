"""What the recorder reads from and writes to."""
