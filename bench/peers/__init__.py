"""What others would build instead, under the same load."""
