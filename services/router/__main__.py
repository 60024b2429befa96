"""`python -m services.router`: run one router slot."""

import os
import sys

from services.router.settings import RouterSettings
from services.router.wiring import serve
from services.runtime.lifecycle import run

if __name__ == "__main__":
    sys.exit(run(RouterSettings, serve, os.environ))
