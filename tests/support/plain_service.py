"""A service without a task: tests put it into a copy of the tree to see what a stack does to it.

It writes its settings to `$SEATLINE_STATE/seen/SLOT.json`, says on its page that it is ready, notes
when it was asked to stop, and refuses its settings if `$SEATLINE_STATE/refuse-SLOT` exists.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

STATE, SLOT = Path(os.environ["SEATLINE_STATE"]), os.environ["SEATLINE_SLOT"]
SEEN = STATE.parent / "seen"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


def leave(*_arguments: object) -> None:
    with (SEEN / "left").open("a") as order:
        order.write(f"{SLOT}\n")
    sys.exit(0)


if __name__ == "__main__":
    if (STATE.parent / f"refuse-{SLOT}").exists():
        sys.exit(78)
    signal.signal(signal.SIGTERM, leave)
    SEEN.mkdir(exist_ok=True)
    settings = {name: value for name, value in os.environ.items() if name.startswith("SEATLINE_")}
    (SEEN / f"{SLOT}.json").write_text(json.dumps(settings))
    HTTPServer(("127.0.0.1", int(os.environ["SEATLINE_HTTP_PORT"])), Page).serve_forever()
