"""What a foreign record must hold to become a contact: values and plain functions."""
