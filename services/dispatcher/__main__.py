"""`python -m services.dispatcher`: run one dispatcher slot."""

import os
import sys

from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.wiring import serve
from services.runtime.lifecycle import run

if __name__ == "__main__":
    sys.exit(run(DispatcherSettings, serve, os.environ))
