"""Random ids, as a port: nothing random is drawn anywhere else."""

import os
from typing import Protocol


class Ids(Protocol):
    """Draws ids that nobody drew before."""

    def draw(self, length: int) -> bytes:
        """Return `length` random bytes."""


class SystemIds:
    """The operating system's randomness."""

    def draw(self, length: int) -> bytes:
        """Return random bytes of the operating system."""
        return os.urandom(length)
