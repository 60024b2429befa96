"""The recorder's rules: how entries of the logs become rows. No I/O."""
