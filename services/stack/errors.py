"""Name what keeps a stack from running."""


class StackError(Exception):
    """Say what is wrong with the stack and what to do about it; ends a command with exit 2."""
