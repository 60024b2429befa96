"""What the commands need of the world."""
