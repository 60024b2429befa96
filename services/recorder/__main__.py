"""Run one recorder: `python -m services.recorder`."""

import os
import sys

from services.recorder.settings import RecorderSettings
from services.recorder.wiring import serve
from services.runtime.lifecycle import run

if __name__ == "__main__":
    sys.exit(run(RecorderSettings, serve, os.environ))
