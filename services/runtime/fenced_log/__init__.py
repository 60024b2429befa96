"""The fenced log: the log is the lock, and everybody acts only on what it says."""
