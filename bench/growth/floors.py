"""Cost of a decision and memory of a floor against its sessions, centres and queued contacts.

Every size stands in a process of its own: what one leaves behind is no cost of the next.
"""

import gc
import re
from pathlib import Path

from bench.cores.floor import BusyFloor, Size, decision_us
from bench.growth.curves import Study
from bench.loops.pace import apart

SESSIONS = (2_000, 20_000, 200_000)
CENTRES = (225, 2_250)
QUEUED = (1_000, 10_000, 100_000, 1_000_000)
_STEPS = 2_000
_FEW_SESSIONS = 2_000
"""Beside many queued contacts: each session is on a call."""
_CENTRES_OF_MANY = 225


def cost_us(size: Size) -> float:
    """Return microseconds a decision on a floor of this size."""
    return apart(_cost_us, size)


def peak_mb(sessions: int) -> float:
    """Return the peak memory of a process that holds a floor of so many sessions, in MB."""
    return apart(_peak_mb, Size(sessions=sessions))


def _cost_us(size: Size) -> float:
    floor = BusyFloor(size)
    gc.collect()
    return decision_us(floor, _STEPS)


def _peak_mb(size: Size) -> float:
    floor = BusyFloor(size)
    floor.step()
    # Not getrusage: its peak is inherited from whoever started this process.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return float(found.group(1)) / 1024 if found else 0.0


STUDIES = (
    Study(
        "cost-by-sessions",
        "A decision against caller sessions",
        "sessions on one floor",
        "µs a decision",
        SESSIONS,
        lambda sessions: cost_us(Size(sessions=int(sessions))),
    ),
    Study(
        "cost-by-centres",
        "A decision against centres, 20,000 sessions",
        "centres on one floor",
        "µs a decision",
        CENTRES,
        lambda centres: cost_us(Size(centres=int(centres))),
    ),
    Study(
        "cost-by-queue",
        "A decision against contacts that wait",
        "contacts queued on one floor",
        "µs a decision",
        QUEUED,
        lambda queued: cost_us(
            Size(sessions=_FEW_SESSIONS, centres=_CENTRES_OF_MANY, queued=int(queued))
        ),
    ),
    Study(
        "memory-by-sessions",
        "Memory against caller sessions",
        "sessions on one floor",
        "MB at the peak",
        SESSIONS,
        lambda sessions: peak_mb(int(sessions)),
    ),
)
