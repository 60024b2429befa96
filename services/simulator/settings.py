"""What a run is asked for, judged before anything is started: all problems at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.simulator.domain.arrivals import BURST_PER_SESSION, Load

DEFAULT_STATE = Path(".seatline")
_SESSIONS_MAX = 100_000
_RATE_MAX = 10_000.0
_SECONDS_MAX = 86_400.0
_BURST_MAX = 100


class OptionError(Exception):
    """Options that cannot be; each line names the field and what to give."""


@Parameter(name="*")
@dataclass(frozen=True)
class Sizes:
    """Size the stack to bring up.

    Attributes:
        brokers: Brokers, 1 or 3; what the stack was created with when left out.
        partitions: Partitions; what the stack was created with when left out.
        routers: Router processes.
        dispatchers: Dispatcher processes.
        gateways: Gateway processes.
        recorders: Recorder processes.
    """

    brokers: int | None = None
    partitions: int | None = None
    routers: int = 1
    dispatchers: int = 1
    gateways: int = 1
    recorders: int = 1

    def as_options(self) -> list[str]:
        """Return the options of `services.stack up`; it judges them."""
        return [
            part
            for name, value in vars(self).items()
            if value is not None
            for part in (f"--{name}", str(value))
        ]


@Parameter(name="*")
@dataclass(frozen=True)
class LoadOptions:
    """Say how much load there is, and how long.

    Attributes:
        centres: Which map of data/maps: the one with this many centres.
        sessions: Caller sessions, at least one for each centre.
        rate: Contacts a second.
        warmup: Seconds of load before the measured part.
        seconds: Seconds that are measured.
        aht: Scale of talk and wrap-up together, in seconds; truncated at twice that.
        seed: Everything drawn by chance comes from it.
        streams: gRPC streams that the centres' sessions are spread over; one a centre when left
            out.
        burst: Contacts that come at one instant for each session of five busy centres, so that
            some must wait; 0: none, and nobody needs to.
    """

    centres: int = 225
    sessions: int = 20_000
    rate: float = 300.0
    warmup: float = 30.0
    seconds: float = 60.0
    aht: float = 20.0
    seed: int = 1
    streams: int | None = None
    burst: int = BURST_PER_SESSION

    @property
    def desks(self) -> int:
        """Streams to open."""
        return self.centres if self.streams is None else self.streams

    def as_load(self) -> Load:
        """Return what arrives, and for how long."""
        return Load(self.rate, self.warmup * 1_000.0, self.seconds * 1_000.0, self.burst)

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            OptionError: Names every field that is wrong.
        """
        least = max(1, self.centres)
        problems = [
            _between("centres", self.centres, 1, 10_000),
            _between("sessions", self.sessions, least, _SESSIONS_MAX),
            _between("rate", self.rate, 0.1, _RATE_MAX),
            _between("warmup", self.warmup, 0, _SECONDS_MAX),
            _between("seconds", self.seconds, 1, _SECONDS_MAX),
            _between("aht", self.aht, 0.1, 3_600),
            _between("seed", self.seed, 0, 2**63 - 1),
            _between("streams", self.desks, 1, least),
            _between("burst", self.burst, 0, _BURST_MAX),
        ]
        wrong = [problem for problem in problems if problem]
        if wrong:
            raise OptionError("\n".join(wrong))


State = Annotated[Path, Parameter(help="State folder of the stack.")]


def keep_of(text: str) -> bool:
    """Read `--keep`, which make passes as 0 or 1.

    Raises:
        OptionError: It is neither.
    """
    if text not in ("0", "1"):
        raise OptionError(f"keep: {text!r} cannot be; give 1 to leave the stack running, or 0")
    return text == "1"


def _between(field: str, value: float, low: float, high: float) -> str:
    if low <= value <= high:
        return ""
    return f"{field}: {value:g} cannot be; give {low:g} to {high:g}"
