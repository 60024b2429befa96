"""What all processes of a run are told."""

from dataclasses import dataclass
from typing import NamedTuple

from bench.bare_path.wire import Logs
from services.simulator.settings import LoadOptions


class Contact(NamedTuple):
    """A contact that will be sent."""

    at_s: float
    """After the start of the load."""
    partition: int
    """Of contacts and rulings."""
    floor: int
    """Of facts and commands."""
    stream: int
    think_s: float
    talk_s: float
    wrap_up_s: float
    """0: the outcome is given with the hang-up."""


@dataclass(frozen=True, slots=True)
class BareLoad:
    """What contacts and callers do; steady."""

    rate_per_s: float
    seconds: float
    warm_up_s: float
    aht_s: float
    streams: int
    partitions: int
    finish_s: float = 30.0
    """How long the last ones may take; what is open then is counted as that."""
    seed: int = 1

    def as_options(self) -> LoadOptions:
        """Return the simulator's options for the same; sessions decide nothing here."""
        return LoadOptions(
            rate=self.rate_per_s,
            warmup=self.warm_up_s,
            seconds=self.seconds,
            aht=self.aht_s,
            seed=self.seed,
            streams=self.streams,
            burst=0,
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """One run."""

    bootstrap: str
    postgres: str
    """Of a database in which the recorder's table is."""
    table: str
    logs: Logs
    load: BareLoad
