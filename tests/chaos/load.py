"""Simulated callers at work, from a process of their own."""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.runtime.command_line import last_object
from services.stack.layout import REPOSITORY
from tests.chaos.commands import CommandError

_SIGN_IN_WITHIN_S = 180.0
_REST_WITHIN_S = 600.0
"""From the end of the load to the report: all comes to rest, is counted and audited."""
_END_WITHIN_S = 30.0
WARM_UP_S = 2.0


@dataclass(frozen=True, slots=True)
class LoadWanted:
    """What callers and contacts do."""

    sessions: int
    rate_per_s: float
    seconds: float
    aht_s: float
    seed: int


class Load:
    """A run of the simulator; leaving the block ends it."""

    def __init__(
        self, state: Path, journal: Path, wanted: LoadWanted, say: Callable[[str], None]
    ) -> None:
        self._say = say
        self._sending = threading.Event()
        self._ended = threading.Event()
        options = {
            "state": state,
            "journal": journal,
            "sessions": wanted.sessions,
            "rate": wanted.rate_per_s,
            "warmup": WARM_UP_S,
            "seconds": wanted.seconds,
            "aht": wanted.aht_s,
            "seed": wanted.seed,
            "burst": 0,
        }
        # Not a pipe: nobody reads it before the end, and it may be long.
        self._answer = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the block
        self.process = subprocess.Popen(
            (
                *(sys.executable, "-m", "services.simulator", "run"),
                *(part for name, value in options.items() for part in (f"--{name}", str(value))),
            ),
            cwd=REPOSITORY,
            stdout=self._answer,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._telling = threading.Thread(target=self._tell, daemon=True)
        self._telling.start()

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # However this wait ends: an interrupt may come just now.
            self.process.kill()
        self._answer.close()

    def begin(self) -> None:
        """Return when the first contact is sent: everybody is signed in.

        Raises:
            CommandError: The load did not begin.
        """
        deadline = time.monotonic() + _SIGN_IN_WITHIN_S
        while not self._sending.wait(0.05):
            if self._ended.is_set() or time.monotonic() > deadline:
                self.process.terminate()
                self.report()
                raise CommandError("simulator: it sent nothing in time")

    @property
    def goes_on(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def report(self) -> dict[str, Any]:
        """Wait until all has come to rest and return the run's figures.

        Raises:
            CommandError: The run could not be made.
        """
        self._telling.join(_REST_WITHIN_S)
        if self._telling.is_alive():
            raise CommandError(f"simulator: no end {_REST_WITHIN_S:g} s after its load")
        self.process.wait(_END_WITHIN_S)
        self._answer.seek(0)
        report = last_object(self._answer.read())
        if "contacts" not in report:
            raise CommandError(f"simulator: {report.get('error', 'it said nothing')}")
        return report

    def _tell(self) -> None:
        for line in self.process.stderr or ():
            text = line.decode(errors="replace").rstrip()
            if text.startswith("sending "):
                self._sending.set()
            # Its own summary judges speed, which is not what is asked here.
            if not self._sending.is_set() or text.startswith(("counting", "auditing")):
                self._say(f"  {text}")
        self._ended.set()
