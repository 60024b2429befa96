"""Tell the person at the keyboard how far a command has come."""

import sys


def say(message: str) -> None:
    """Write one line of progress, to standard error: standard output ends with the result."""
    print(message, file=sys.stderr, flush=True)
