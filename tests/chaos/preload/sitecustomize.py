"""Read before anything else by the services of a stack under chaos: a wall clock that can step.

A service that is told of such clocks (`stepped_clock.py`) starts itself once more with the library
loaded, and with a file of its own that says how far its clock is off.
"""

import os
import sys
from pathlib import Path

LIBRARY, FOLDER, SLOT = "CHAOS_CLOCK_LIBRARY", "CHAOS_CLOCKS", "SEATLINE_SLOT"

if SLOT in os.environ and LIBRARY in os.environ and "LD_PRELOAD" not in os.environ:
    off = Path(os.environ[FOLDER]) / os.environ[SLOT]
    if not off.exists():
        off.write_bytes(bytes(8))
    os.environ |= {"LD_PRELOAD": os.environ[LIBRARY], "STEPPED_CLOCK": str(off)}
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - the same program once more
