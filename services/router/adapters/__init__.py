"""Where the router meets the wire and its metrics."""
