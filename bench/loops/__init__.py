"""Real loops on prefilled logs, and bare ones of the same records; each in a process of its own."""
