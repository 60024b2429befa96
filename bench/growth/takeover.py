"""A takeover against the age of the log: a dispatcher that starts folds it from its beginning.

The log is that of the default load. One partition of it is really folded, to the last fact, and
counted once for each of the eight, as one process folds them one record after the other. It is made
while it is folded, and only the folding is timed; what the broker takes to hand it over is not.
"""

import itertools
import time

from bench.cores.log import Floor, facts_log
from bench.growth.curves import Study
from bench.loops.pace import apart
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.runtime.fenced_log.reader import FencedReader

PARTITIONS = 8
HOURS = (1 / 12, 1.0, 24.0)
_FROM_MS = 1_770_000_000_000
_CHUNK = 2_000


def takeover_s(hours: float) -> float:
    """Return the CPU seconds of folding all partitions of a log of that age."""
    return PARTITIONS * fold_partition(hours)[0]


def fold_partition(hours: float) -> tuple[float, int]:
    """Fold one partition in a process of its own; return CPU seconds and how many facts."""
    return apart(_fold, hours)


def _fold(hours: float) -> tuple[float, int]:
    codec, rule, core = DispatcherCodec(PARTITIONS), FencedReader("bench"), FloorHandler(Limits())
    facts = 0
    spent_s = 0.0
    log = facts_log(Floor(), hours * 3_600, _FROM_MS)
    while chunk := list(itertools.islice(log, _CHUNK)):
        began_s = time.process_time()
        for value in chunk:
            header = codec.header(value)
            if rule.accept(header).counts:
                entries = codec.entries(value)
                core.evolve(entries, header.at_ms)
                facts += len(entries)
        spent_s += time.process_time() - began_s
    return spent_s, facts


STUDY = Study(
    "takeover-by-age",
    "Folding the whole log against its age, default load",
    "hours of 300 contacts/s",
    "s to fold",
    HOURS,
    takeover_s,
)
