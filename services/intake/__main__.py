"""Run intake: `python -m services.intake`."""

import os
import sys

from services.intake.settings import IntakeSettings
from services.intake.wiring import serve
from services.runtime.lifecycle import run

if __name__ == "__main__":
    sys.exit(run(IntakeSettings, serve, os.environ))
