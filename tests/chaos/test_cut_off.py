import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.chaos import cut_off
from tests.chaos.cut_off import CutOff
from tests.chaos.harms import NotHurtError
from tests.support.eventually import eventually

SERVER = """
import socket, sys
door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
peer, _ = door.accept()
peer.settimeout(30)
while said := peer.recv(100):
    peer.sendall(said)
"""
CLIENT = """
import socket, sys
port = int(sys.argv[1])
peer = socket.create_connection(("127.0.0.1", port))
print("connected", flush=True)
for line in sys.stdin:
    if line == "again\\n":
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            print("connected", flush=True)
        except OSError as error:
            print(type(error).__name__, flush=True)
        continue
    if line != "listen\\n":
        peer.sendall(line.encode())
    peer.settimeout(0.3 if line.startswith("soon") else 20)
    try:
        print(peer.recv(100).decode().strip(), flush=True)
    except TimeoutError:
        print("silence", flush=True)
"""
REFUSED = cut_off.refusal()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)


@dataclass
class Pair:
    client: "subprocess.Popen[str]"
    server: "subprocess.Popen[str]"
    port: int

    def ask(self, line: str) -> str:
        assert self.client.stdin is not None
        assert self.client.stdout is not None
        self.client.stdin.write(f"{line}\n")
        self.client.stdin.flush()
        return self.client.stdout.readline().strip()


def process(program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, "-c", program, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def pair() -> Iterator[Pair]:
    with process(SERVER) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with process(CLIENT, str(port)) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == "connected\n"
            yield Pair(client, server, port)
            client.kill()
        server.kill()


def test_who_is_cut_off_hears_nothing_makes_no_connection_and_gets_it_late(pair: Pair) -> None:
    assert pair.ask("hello") == "hello"
    cut = CutOff(pair.client.pid, [pair.port], [pair.server.pid])
    cut.strike()
    assert cut.connections == 2
    assert pair.ask("soon one") == "silence"
    assert pair.ask("again") == "OSError"
    cut.heal()
    cut.heal()
    assert cut.connections == 0
    assert pair.ask("listen") == "soon one", "what was sent meanwhile is sent again"
    assert pair.ask("goes on") == "goes on"
    assert pair.ask("again") == "connected"


def test_others_are_not_cut_off(pair: Pair) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        other = door.getsockname()[1]
        cut = CutOff(pair.client.pid, [other], [pair.server.pid])
        cut.strike()
        try:
            assert cut.connections == 0
            assert pair.ask("hello") == "hello"
        finally:
            cut.heal()


def test_one_that_has_died_meanwhile_is_no_failure(pair: Pair) -> None:
    cut = CutOff(pair.client.pid, [pair.port], [pair.server.pid])
    cut.strike()
    pair.client.kill()
    eventually(lambda: pair.client.poll() is not None)
    cut.heal()


def test_one_that_has_died_before_is_not_hurt(pair: Pair) -> None:
    cut = CutOff(pair.client.pid, [pair.port], [pair.server.pid])
    pair.client.kill()
    pair.client.wait()
    with pytest.raises(NotHurtError, match="has ended"):
        cut.strike()
    cut.heal()
