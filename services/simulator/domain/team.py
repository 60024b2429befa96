"""The callers of one centre, counted as they change."""

from dataclasses import dataclass, field

from services.simulator.domain.stance import Stance


@dataclass(slots=True, eq=False)
class Team:
    """How many callers a centre has, how many are signed in, and what they are doing.

    Callers say what changes, so that whoever looks at 20,000 of them walks over the centres only.
    """

    centre_id: str
    size: int = 0
    bound: int = 0
    """Sessions that are bound to a stream now."""
    doing: dict[Stance, int] = field(default_factory=lambda: dict.fromkeys(Stance, 0))

    def join(self, stance: Stance) -> None:
        """Count one more caller."""
        self.size += 1
        self.doing[stance] += 1

    def move(self, before: Stance, after: Stance) -> None:
        """Count a caller that does something else now."""
        self.doing[before] -= 1
        self.doing[after] += 1
