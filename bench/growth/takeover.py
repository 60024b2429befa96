"""A takeover against the age of the log: a dispatcher that starts goes on from its newest snapshot.

The log is that of the default load. One partition of it is folded to the last fact, with snapshots
as its owner takes them; then the newest is restored and what lies behind it folded again, as one
that starts does. Only that is timed, and counted once for each partition, as one
process does them one after the other; what the broker takes to hand it over is not.
"""

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.cores.log import Floor, facts_log
from bench.growth.curves import Study
from bench.loops.pace import apart
from bench.world import WorldError
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.runtime.fenced_log.coverage import Coverage
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.fenced_log.snapshot import SNAPSHOT_EVERY
from services.stack.identity import DEFAULT_PARTITIONS as PARTITIONS

HOURS = (1 / 12, 1.0, 24.0)
_FROM_MS = 1_770_000_000_000
_CHUNK = 2_000


@dataclass
class _Fold:
    """A partition as it stands, and what one that starts would be given."""

    codec: DispatcherCodec = field(default_factory=lambda: DispatcherCodec(PARTITIONS))
    core: FloorHandler = field(default_factory=lambda: FloorHandler(Limits()))
    rule: FencedReader = field(default_factory=lambda: FencedReader("bench"))
    snapshot: Sequence[bytes] = ()
    behind: list[bytes] = field(default_factory=list)
    """Records that the snapshot does not cover."""
    _coverage: Coverage = field(default_factory=Coverage)
    _records: int = 0

    def take(self, values: Iterable[bytes]) -> None:
        """Fold records, and take a snapshot whenever one is due."""
        for value in values:
            header = self.codec.header(value)
            if self.rule.accept(header).counts:
                self.core.evolve(self.codec.entries(value), header.at_ms)
            self._records += 1
            self._coverage.count(header, len(value))
            self.behind.append(value)
            if self._coverage.is_due(self._records, SNAPSHOT_EVERY):
                self.snapshot, self.behind = list(FloorCodec().chunks(self.core)), []
                self._coverage.load(self._records, sum(map(len, self.snapshot)))

    def begun_again(self) -> FloorHandler:
        """Return what one that starts has folded."""
        core = FloorHandler(Limits())
        if self.snapshot:
            FloorCodec().restore(core, self.snapshot)
        for value in self.behind:
            core.evolve(self.codec.entries(value), self.codec.header(value).at_ms)
        return core


def takeover_s(hours: float) -> float:
    """Return the CPU seconds until all partitions of a log of that age are folded."""
    return PARTITIONS * apart(_start, hours)


def _start(hours: float) -> float:
    fold = _Fold()
    log = facts_log(Floor(), hours * 3_600, _FROM_MS)
    while chunk := list(itertools.islice(log, _CHUNK)):
        fold.take(chunk)
    began_s = time.process_time()
    core = fold.begun_again()
    spent_s = time.process_time() - began_s
    if core.floor != fold.core.floor:
        raise WorldError("one that starts at a snapshot folds another floor")
    return spent_s


STUDY = Study(
    "takeover-by-age",
    "A start on the log against its age, default load",
    "hours of 300 contacts/s",
    "s of CPU until folded",
    HOURS,
    takeover_s,
)
