"""The rules of the door, without a socket in them."""
