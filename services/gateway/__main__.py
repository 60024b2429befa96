"""Run a gateway: `python -m services.gateway`."""

import os
import sys

from services.gateway.settings import GatewaySettings
from services.gateway.wiring import serve
from services.runtime.lifecycle import run

if __name__ == "__main__":
    sys.exit(run(GatewaySettings, serve, os.environ))
