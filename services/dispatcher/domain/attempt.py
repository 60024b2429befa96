"""What an offer, a call and an outcome are about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """Names one assignment attempt."""

    contact_id: str
    release: int
    attempt: int

    @property
    def key(self) -> tuple[str, int]:
        """Contact and release."""
        return (self.contact_id, self.release)
