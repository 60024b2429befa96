"""Measurements; none of it runs in production."""
