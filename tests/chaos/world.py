"""The stack that is hurt: its processes, by the names of what they do."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from cyclopts import Parameter

from services.runtime.command_line import RefusedError
from services.simulator.adapters.files import map_file, partitions_of
from services.stack import commands
from services.stack.identity import Wish, open_or_create
from services.stack.layout import Layout, read_json
from services.stack.plan import Plan
from services.stack.processes import ProcessId
from tests.chaos.commands import run_module
from tests.chaos.harms import NotHurtError, the_process
from tests.chaos.small_disk import SmallDisk
from tests.chaos.stepped_clock import Clocks

CENTRES = 225
READY_WITHIN_S = 150.0
_MARK = Path("logs", "chaos")
"""Where a reset of the stack takes it away, too."""
BUSIEST_GATEWAY = "the busiest gateway"
_OWNER_OF = " of partition "


@Parameter(name="*")
@dataclass(frozen=True)
class Sizes:
    """Size the stack.

    Attributes:
        brokers: Brokers, 1 or 3.
        partitions: Partitions of the logs.
        routers: Router processes.
        dispatchers: Dispatcher processes.
        gateways: Gateway processes.
        recorders: Recorder processes; each records its share of the partitions.
    """

    brokers: int = 1
    partitions: int = 2
    routers: int = 2
    dispatchers: int = 2
    gateways: int = 2
    recorders: int = 2


@dataclass
class World:
    """A stack of our own, bound to this process; leaving the block takes it down."""

    layout: Layout
    sizes: Sizes
    with_small_disk: bool
    with_clocks: bool
    say: Callable[[str], None]
    disk: SmallDisk = field(init=False)
    clocks: Clocks = field(init=False)

    def __post_init__(self) -> None:
        self.disk = SmallDisk(self.layout.postgres)
        self.clocks = Clocks(self.layout.logs / "clocks")

    def __enter__(self) -> "World":
        self._begin_empty()
        try:
            self._bring_up()
        except BaseException:
            commands.down(self.layout)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.say(f"taking the stack in {self.layout.state} down")
        commands.down(self.layout)

    @property
    def endpoints(self) -> dict[str, Any]:
        """What `endpoints.json` says now."""
        found: dict[str, Any] = json.loads(self.layout.endpoints.read_text())
        return found

    def pids(self) -> Mapping[str, int]:
        """Return the processes as they are now."""
        found: dict[str, int] = read_json(self.layout.endpoints).get("pids", {})
        return found

    def process(self, name: str) -> ProcessId:
        """Find a process of the stack.

        Raises:
            NotHurtError: It does not run now.
        """
        pid = self.pids().get(name)
        if pid is None:
            raise NotHurtError(f"{name} was not running")
        return the_process(pid)

    def resolve(self, victim: str, owners: Mapping[str, Mapping[int, str]]) -> str:
        """Name the process that a plan means by what it does.

        Args:
            victim: Such as "the dispatcher of partition 1", or a name already.
            owners: Slot by partition, for "router" and "dispatcher".

        Raises:
            NotHurtError: Nobody does that now.
        """
        if victim == BUSIEST_GATEWAY:
            return max(self._gateways(), key=self._streams)
        if _OWNER_OF in victim:
            kind, _, number = victim.removeprefix("the ").partition(_OWNER_OF)
            slot = owners[kind].get(int(number))
            if slot is None:
                raise NotHurtError(f"nobody was {victim}")
            return slot
        return victim

    def ports(self, prefix: str) -> list[int]:
        """List the ports of doors such as `kafka-`, for which only its clients' count."""
        known = read_json(self.layout.ports)
        doors = ("/client", "/sql")
        return [n for door, n in known.items() if door.startswith(prefix) and door.endswith(doors)]

    def servers(self, prefix: str) -> list[int]:
        """List the pids of servers, with those of their children."""
        found: list[int] = []
        for name, pid in self.pids().items():
            if name.startswith(prefix):
                found.append(pid)
                with contextlib.suppress(psutil.Error):  # it is being started again
                    found += [child.pid for child in psutil.Process(pid).children()]
        return found

    def _gateways(self) -> list[str]:
        found = sorted(name for name in self.pids() if name.startswith("gateway-"))
        if not found:
            raise NotHurtError("no gateway was running")
        return found

    def _streams(self, name: str) -> int:
        port = int(read_json(self.layout.ports)[f"{name}/grpc"])
        try:
            found = psutil.Process(self.pids()[name]).net_connections("tcp")
        except (KeyError, psutil.Error):
            return -1
        return sum(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in found
        )

    def _begin_empty(self) -> None:
        mark = self.layout.state / _MARK
        if self.layout.identity.exists():
            if not mark.exists():
                raise RefusedError(
                    f"STATE: {self.layout.state} holds a stack that is not of chaos, which "
                    "begins with an empty one; give another STATE"
                )
            commands.reset(self.layout, even_live=False)
        self.say(f"bringing a stack up in {self.layout.state}")
        wish = Wish("rehearsal", self.sizes.partitions, self.sizes.brokers)
        open_or_create(self.layout, wish, datetime.now(UTC))
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def _bring_up(self) -> None:
        if self.with_clocks:
            self.clocks.prepare()
        if self.with_small_disk:
            self.disk.mount()
        slots = Plan().slots | {
            "router": self.sizes.routers,
            "dispatcher": self.sizes.dispatchers,
            "gateway": self.sizes.gateways,
            "recorder": self.sizes.recorders,
        }
        commands.up(self.layout, Wish(), Plan(slots), within_s=READY_WITHIN_S, bound_to=os.getpid())
        state = ("--state", str(self.layout.state))
        path = map_file(CENTRES)
        if partitions_of(path) != self.sizes.partitions:
            path = self.layout.logs / "map.csv"
            cut = ("--centres", str(CENTRES), "--partitions", str(self.sizes.partitions))
            seats = map_file(CENTRES).parents[1] / "seats.csv"
            run_module("services.planner", "--seats", str(seats), "--out", str(path), *cut)
        run_module("services.cli", "map", "publish", str(path), *state, "--json")
