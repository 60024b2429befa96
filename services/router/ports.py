"""What the router's handlers need of the world."""

from typing import Protocol


class Moment(Protocol):
    """When and under which knowledge a contact is ruled on."""

    @property
    def written_at_ms(self) -> int:
        """Broker time of the record that will carry the ruling."""

    @property
    def fresh(self) -> bool:
        """Whether map, policy, stops and withdrawals were read to their end within 5 s."""
