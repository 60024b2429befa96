"""What the router's handlers need of the world."""

from collections.abc import Mapping
from typing import Protocol


class Moment(Protocol):
    """When and under which knowledge a contact is ruled on."""

    @property
    def written_at_ms(self) -> int:
        """Broker time of the record that will carry the ruling."""

    @property
    def fresh(self) -> bool:
        """Whether map, policy, stops and withdrawals were read to their end within 5 s."""

    @property
    def unwanted(self) -> Mapping[int, float]:
        """Share of the contacts for a dispatcher's partition that it cannot take now, if any."""
