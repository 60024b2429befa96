"""What happens in a rehearsal, on ports: callers, sending, durability."""
