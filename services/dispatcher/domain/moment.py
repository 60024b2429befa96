"""When and under which knowledge something is decided (rules 2.1 to 2.3)."""

from typing import Protocol


class Moment(Protocol):
    """What the rules need to know of time and of what was read."""

    @property
    def now_ms(self) -> int:
        """Time by which inputs and deadlines are judged."""

    @property
    def written_at_ms(self) -> int:
        """Broker time of the writing; what begins now counts from here."""

    @property
    def fresh(self) -> bool:
        """Whether maps, policies, stops and withdrawals are known up to five seconds ago."""

    @property
    def behind(self) -> bool:
        """Whether commands are behind: no offers are made."""

    @property
    def paced_read_to_ms(self) -> int:
        """Commands appended before this were decided."""

    @property
    def spread_read_to_ms(self) -> int:
        """Every rulings partition was decided past a record appended at this time."""
