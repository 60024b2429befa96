"""Step the wall clock of one service.

libfaketime, which is meant for this, makes `time.sleep` of today's Python fail (0.9.10): it is done
by a library of our own, a page of C that is compiled when it is needed.
"""

import os
import shutil
import subprocess
from pathlib import Path

PRELOAD = Path(__file__).with_name("preload")
_WITHIN_S = 60.0
_HOUR_S = 3_600


def refusal() -> str:
    """Say why this machine does not allow it, or nothing."""
    return "" if shutil.which("cc") else "there is no C compiler to make the clock with"


def step_of(lasts_s: float) -> int:
    """Return the seconds of a step, an hour ahead or back: its length decides, which was drawn."""
    return _HOUR_S if round(lasts_s * 10) % 2 else -_HOUR_S


class Clocks:
    """The wall clocks of a stack's services; what is off stands in a file for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Have the services that are started from now on ask here for their time.

        Raises:
            OSError: The library cannot be made.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        library = self._folder / "stepped.so"
        done = subprocess.run(
            ("cc", "-shared", "-fPIC", "-O2", "-o", library, PRELOAD / "stepped.c", "-ldl"),
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )
        if done.returncode:
            raise OSError(f"the clock cannot be compiled: {done.stderr.strip()}")
        before = os.environ.get("PYTHONPATH")
        os.environ |= {
            "CHAOS_CLOCK_LIBRARY": str(library),
            "CHAOS_CLOCKS": str(self._folder),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PRELOAD), before))),
        }

    def step(self, slot: str, seconds: int) -> None:
        """Put the clock of a service ahead, or back, of what it is; 0 puts it right."""
        with (self._folder / slot).open("r+b") as off:
            off.write(seconds.to_bytes(8, "little", signed=True))
