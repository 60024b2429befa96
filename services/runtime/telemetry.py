"""Logs as JSON lines, and one small HTTP door for metrics and health."""

import logging
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from typing_extensions import override

from services.runtime.clock import Clock

Logger = structlog.typing.FilteringBoundLogger
Page = Callable[[], tuple[int, str, bytes]]
"""Returns status, content type and body; called in a thread of the door."""


def configure_logs(slot: str, level: str) -> Logger:
    """Return the logger of this process: one JSON object a line on standard error.

    Libraries that log through the standard library keep their warnings, in the same stream.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda o, **_: orjson.dumps(o).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logger: Logger = structlog.get_logger().bind(slot=slot)
    return logger


class Health:
    """Liveness by heartbeat, readiness by named conditions. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._conditions: dict[str, str] = {"started": "starting"}
        self._beat_ms = clock.monotonic_ms()

    def ready(self, name: str, ok: bool, why: str = "") -> bool:  # noqa: FBT001 (reads as a sentence)
        """Set one condition of readiness; return True when that changed it."""
        value = "" if ok else (why or "not yet")
        with self._lock:
            changed = self._conditions.get(name) != value
            self._conditions[name] = value
        return changed

    def not_ready(self) -> dict[str, str]:
        """Return the conditions that do not hold, with their reasons."""
        with self._lock:
            return {name: why for name, why in self._conditions.items() if why}

    def beat(self) -> None:
        """Say that the loop is turning."""
        self._beat_ms = self._clock.monotonic_ms()

    def silent_ms(self) -> int:
        """Return the time since the last beat."""
        return self._clock.monotonic_ms() - self._beat_ms


class HttpDoor:
    """Serves /metrics, /livez, /readyz and a service's own pages on loopback, from own threads."""

    def __init__(
        self,
        port: int,
        registry: CollectorRegistry,
        health: Health,
        dead_ms: int,
        pages: Mapping[str, Page],
    ) -> None:
        """Bind the port.

        Args:
            port: On 127.0.0.1; 0 picks a free one.
            registry: Metrics to serve.
            health: State to serve.
            dead_ms: A loop silent for longer is not alive.
            pages: More pages, by their paths; looked up at each request.

        Raises:
            OSError: The port is taken.
        """

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                status, kind, body = _answer(self.path, registry, health, dead_ms, pages)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, *_: Any) -> None:
                """Keep scrapes out of the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="http", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _answer(
    path: str,
    registry: CollectorRegistry,
    health: Health,
    dead_ms: int,
    pages: Mapping[str, Page],
) -> tuple[int, str, bytes]:
    match path.partition("?")[0]:
        case "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
        case "/livez":
            silent = health.silent_ms()
            body = orjson.dumps({"ok": silent <= dead_ms, "silent_ms": silent})
            return (200 if silent <= dead_ms else 503), "application/json", body
        case "/readyz":
            waiting = health.not_ready()
            body = orjson.dumps({"ok": not waiting, "waiting_for": waiting})
            return (503 if waiting else 200), "application/json", body
        case other if other in pages:
            return pages[other]()
        case _:
            known = ", ".join(["/metrics", "/livez", "/readyz", *pages])
            return 404, "text/plain", f"there are {known}\n".encode()
