"""Ask the processes of a stack whether they are ready, and wait until all are."""

import socket
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from services.stack.errors import StackError
from services.stack.kinds import HTTP
from services.stack.layout import Layout, read_json
from services.stack.ports import LOOPBACK
from services.stack.processes import ProcessId, is_alive
from services.stack.progress import say
from services.stack.published import http_address

ASK_EVERY_S = 0.1
ANSWER_WITHIN_S = 1.0

# Never through a proxy: the environment of a developer may name one even for loopback.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(process: dict[str, Any]) -> bool:
    """Ask one published process: a service by its page, a server by its listener."""
    if process["state"] != "running":
        return False
    ports = process["ports"]
    if HTTP in ports:
        return _answers_200(http_address(ports[HTTP], "readyz"))
    return all(_accepts(port) for port in ports.values())


def await_ready(layout: Layout, supervisor: ProcessId, within_s: float) -> None:
    """Wait until the stack is up and each of its processes is ready.

    Raises:
        StackError: Something failed, or was not ready by the deadline; names it and its log.
    """
    deadline = time.monotonic() + within_s
    waited_for: list[str] = ["the first sign of the supervisor"]
    while time.monotonic() < deadline:
        published = read_json(layout.status)
        _refuse_failed(layout, published)
        if not is_alive(supervisor):
            raise StackError(f"the supervisor ended; see {layout.log('supervisor')}")
        unready = _unready(published)
        if not unready:
            return
        if unready != waited_for:
            say(f"waiting for {', '.join(unready)}")
            waited_for = unready
        time.sleep(ASK_EVERY_S)
    raise StackError(
        f"not ready after {within_s:.0f} s: {', '.join(waited_for)}; see {layout.logs}"
    )


def _unready(published: dict[str, Any]) -> list[str]:
    processes = published.get("processes", {})
    unready = [name for name, process in processes.items() if not is_ready(process)]
    if published.get("phase") != "running":
        # Servers that listen may still lack topics or tables: the supervisor says when they have.
        return unready or ["the supervisor"]
    return unready


def _refuse_failed(layout: Layout, published: dict[str, Any]) -> None:
    if published.get("phase") == "failed":
        raise StackError(f"{published['error']} (log: {layout.log('supervisor')})")
    refused = [
        name
        for name, process in published.get("processes", {}).items()
        if process["state"] == "refused"
    ]
    if refused:
        raise StackError(f"{refused[0]} refuses its settings; see {layout.log(refused[0])}")


def _answers_200(address: str) -> bool:
    try:
        with _direct.open(address, timeout=ANSWER_WITHIN_S) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=ANSWER_WITHIN_S).close()
    except OSError:
        return False
    return True
