"""A load on the bench's stack: the simulator as a process, and what the services spent."""

import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.world import World, WorldError, end
from services.runtime.command_line import last_object
from services.simulator.adapters.processes import Costs
from services.stack.layout import REPOSITORY

CALLERS = "callers"
"""Name of the simulator's process among the others."""
_LEAD_S = 0.2
"""The simulator's, between saying that it sends and its first contact."""
_SIGN_IN_WITHIN_S = 150.0
_ENDS_WITHIN_S = 600.0
_BROKEN = ("lost", "doubled", "stuck")


@dataclass(frozen=True, slots=True)
class Load:
    """What callers and contacts do."""

    rate_per_s: float
    warm_up_s: float
    seconds: float
    aht_s: float
    streams: int = 225


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a load."""

    report: Mapping[str, Any]
    cpu_us: Mapping[str, float]
    """CPU microseconds a contact in the measured part, by kind of process."""

    @property
    def offer_ms(self) -> Mapping[str, float]:
        """Spread of the offers, or nothing measured: an empty mapping."""
        spread: Mapping[str, float] = self.report["offer_ms"]
        return spread if spread["n"] else {}


class Simulation:
    """A run of the simulator; leaving the block ends it."""

    def __init__(self, world: World, load: Load) -> None:
        self._world = world
        self.load = load
        self._stack = world.stack()
        options = {
            "state": world.state,
            "sessions": world.sessions,
            "rate": load.rate_per_s,
            "warmup": load.warm_up_s,
            "seconds": load.seconds,
            "aht": load.aht_s,
            "streams": load.streams,
            # The figures are those of a steady load.
            "burst": 0,
        }
        self.process = subprocess.Popen(
            (
                *(sys.executable, "-m", "services.simulator", "run"),
                *(part for name, value in options.items() for part in (f"--{name}", str(value))),
            ),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._sending = threading.Event()
        self._ended = threading.Event()
        self._telling = threading.Thread(target=self._tell, daemon=True)
        self._telling.start()

    def __enter__(self) -> "Simulation":
        return self

    def __exit__(self, *_: object) -> None:
        end(self.process)

    def pids(self) -> dict[str, int]:
        """Return the processes of stack and simulator as they are now."""
        return {**self._world.stack()["pids"], CALLERS: self.process.pid}

    def begin(self) -> float:
        """Return the monotonic time of the first contact, once everybody is signed in.

        Raises:
            WorldError: The load did not begin.
        """
        deadline = time.monotonic() + _SIGN_IN_WITHIN_S
        while not self._sending.wait(0.05):
            if self._ended.is_set() or time.monotonic() > deadline:
                end(self.process)
                self.report()
                raise WorldError("simulator: it sent nothing in time")
        return time.monotonic() + _LEAD_S

    def report(self) -> dict[str, Any]:
        """Wait for the end and return the run's figures; broken promises go to the world.

        Raises:
            WorldError: The run could not be made.
        """
        self._telling.join(_ENDS_WITHIN_S)
        if self._telling.is_alive():
            raise WorldError(f"simulator: no end after {_ENDS_WITHIN_S:.0f} s")
        output, _ = self.process.communicate()
        report = last_object(output)
        if "contacts" not in report:
            raise WorldError(f"simulator: {report.get('error', 'it said nothing')}")
        where = f"{self.load.rate_per_s:g} contacts/s, AHT {self.load.aht_s:g} s"
        self._world.violations += [
            f"{where}: {name}: {report[name]}" for name in _BROKEN if report[name]
        ]
        peaks = self._world.peak_mb
        for name, mb in report["rss_mb"].items():
            peaks[kind_of(name)] = max(peaks.get(kind_of(name), 0.0), mb)
        return report

    def _tell(self) -> None:
        if self.process.stderr is None:
            return
        for line in self.process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._world.say(f"  {text}")
            if text.startswith("sending "):
                self._sending.set()
        self._ended.set()


def simulate(world: World, load: Load) -> Run:
    """Put a load on the stack and follow what each process spends in its measured part.

    Raises:
        WorldError: The run could not be made.
    """
    with Simulation(world, load) as simulation:
        begins_s = simulation.begin() + load.warm_up_s
        time.sleep(max(0.0, begins_s - time.monotonic()))
        costs = Costs(simulation.pids)
        costs.sample()
        # Every second, for the children of the database that end meanwhile.
        while (left_s := begins_s + load.seconds - time.monotonic()) > 0:
            time.sleep(min(1.0, left_s))
            costs.sample()
        report = simulation.report()
    contacts = report["offers_per_second"] * report["seconds"]
    return Run(report, per_contact_us(costs.cpu_s, contacts))


def per_contact_us(cpu_s: Mapping[str, float], contacts: float) -> dict[str, float]:
    """Return CPU microseconds a contact by kind of process, slots of a kind together.

    Args:
        cpu_s: CPU seconds by process; `simulator` is whoever followed them, and left out.
        contacts: How many were handled meanwhile.
    """
    if contacts <= 0:
        return {}
    spent: defaultdict[str, float] = defaultdict(float)
    for name, seconds in cpu_s.items():
        if name != "simulator":
            spent[kind_of(name)] += seconds * 1e6 / contacts
    return dict(spent)


def kind_of(process: str) -> str:
    """Return a process's name without the number of its slot."""
    return re.sub(r"-\d+$", "", process)
