"""Give every process of a stack ports of its own and keep them across restarts.

Ports are taken below the range the kernel uses for outgoing connections: one inside it could be
taken by any client in the moment in which its process restarts.
"""

import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from services.stack.errors import StackError
from services.stack.layout import Layout, read_json, write_json

LOWEST = 15_000
LOOPBACK = "127.0.0.1"

Ports = dict[str, int]
"""Port by `process/door`, such as `gateway-0/grpc`."""


def is_free(port: int) -> bool:
    """Tell whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def assign(layout: Layout, doors: Iterable[str]) -> Ports:
    """Give each door the port it had before, or a free one now.

    Raises:
        StackError: No free port is left.
    """
    ports: Ports = read_json(layout.ports)
    missing = [door for door in doors if door not in ports]
    if missing:
        ports.update(zip(missing, _find(len(missing), set(ports.values())), strict=True))
        write_json(layout.ports, ports)
    return ports


def load(layout: Layout) -> Ports:
    """Read the ports assigned so far."""
    return read_json(layout.ports)


def refuse_taken(ports: Ports, doors: Iterable[str]) -> None:
    """Make sure that no other program listens where this stack is about to.

    Raises:
        StackError: One does.
    """
    taken = [f"{ports[door]} ({door})" for door in doors if not is_free(ports[door])]
    if taken:
        raise StackError(
            f"ports: another program listens on {', '.join(taken)}; "
            "end it, or reset this stack to draw new ports"
        )


def _find(count: int, taken: set[int]) -> list[int]:
    span = _highest() - LOWEST
    start = secrets.randbelow(span)
    found: list[int] = []
    for step in range(span):
        port = LOWEST + (start + step) % span
        if port not in taken and is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise StackError(f"ports: fewer than {count} are free between {LOWEST} and {LOWEST + span}")


def _highest() -> int:
    try:
        first_outgoing = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
    except OSError:
        return 32_000
    return max(LOWEST + 2_000, int(first_outgoing))
