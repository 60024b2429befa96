"""Group the seats into centres, and share callers and partitions among them."""
