"""What is asked for, judged before anything is started: all problems at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.runtime.command_line import RefusedError
from tests.chaos.catalogue import KINDS
from tests.chaos.load import LoadWanted
from tests.chaos.world import CENTRES, Sizes

_SLOTS = ("routers", "dispatchers", "gateways", "recorders")


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """Say how much happens, and how long.

    Attributes:
        state: State folder of the stack; it is emptied first.
        faults: How many faults.
        seconds: Seconds of load in which they happen.
        sessions: Caller sessions, at least one for each of 225 centres.
        rate: Contacts a second.
        seed: Plan and load come from it.
        aht: Average handling time, in seconds.
        kinds: Kinds of faults, separated by commas; left out: all.
    """

    state: Path = Path(".seatline-chaos")
    faults: int = 40
    seconds: float = 420.0
    sessions: int = 5_000
    rate: float = 100.0
    seed: int = 1
    aht: float = 20.0
    kinds: Annotated[str, Parameter()] = ""

    @property
    def load(self) -> LoadWanted:
        """What callers and contacts do."""
        return LoadWanted(self.sessions, self.rate, self.seconds, self.aht, self.seed)

    @property
    def only(self) -> set[str]:
        """Names of the kinds that are wanted; all, if none is named."""
        return set(filter(None, self.kinds.split(","))) or {kind.name for kind in KINDS}

    def check(self, sizes: Sizes) -> None:
        """Refuse what cannot be.

        Raises:
            RefusedError: Names every variable that is wrong, and what to give.
        """
        known = {kind.name for kind in KINDS}
        problems = [
            _between("FAULTS", self.faults, 0, 10_000),
            _between("SECONDS", self.seconds, 10, 86_400),
            _between("SESSIONS", self.sessions, CENTRES, 100_000),
            _between("RATE", self.rate, 1, 10_000),
            _between("SEED", self.seed, 0, 2**63 - 1),
            _between("AHT", self.aht, 0.1, 3_600),
            *(_between(name.upper(), getattr(sizes, name), 1, 64) for name in _SLOTS),
            "" if sizes.brokers in (1, 3) else f"BROKERS: {sizes.brokers} cannot be; give 1 or 3",
            _between("PARTITIONS", sizes.partitions, 1, 256),
            *(
                f"KINDS: {name!r} is none; choose from {', '.join(sorted(known))}"
                for name in sorted(self.only - known)
            ),
        ]
        wrong = [problem for problem in problems if problem]
        if wrong:
            raise RefusedError("\n".join(wrong))


def _between(name: str, value: float, low: float, high: float) -> str:
    if low <= value <= high:
        return ""
    return f"{name}: {value:g} cannot be; give {low:g} to {high:g}"
