import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.runtime.clock import SystemClock
from services.runtime.lifecycle import Stop

ROOT = Path(__file__).parents[3]
WITHIN_S = 20.0


def eventually(condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    clock, stop = SystemClock(), Stop()
    deadline_ms = clock.monotonic_ms() + within_s * 1_000
    while not condition():
        assert clock.monotonic_ms() < deadline_ms, "it did not happen in time"
        stop.wait(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A service in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def ended(self) -> tuple[int, str]:
        _, err = self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode, err


@contextmanager
def service(does: str, **settings: str) -> Iterator[Running]:
    port = int(settings.pop("SEATLINE_HTTP_PORT", 0)) or free_port()
    environ = {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'proto' / 'gen'}",
        "SEATLINE_KAFKA": "127.0.0.1:1",
        "SEATLINE_STATE": "unused",
        "SEATLINE_SLOT": "tally-0",
        "SEATLINE_PARTITIONS": "1",
        "SEATLINE_HTTP_PORT": str(port),
        **settings,
    }
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("service_process.py")), does],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process, port)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("does", ["wait", "wait_on_asyncio"])
def test_a_service_asked_to_stop_ends_with_zero(does: str, number: signal.Signals) -> None:
    with service(does) as running:
        eventually(running.ready)
        running.process.send_signal(number)
        code, err = running.ended()
    assert code == 0
    last = json.loads(err.splitlines()[-1])
    assert (last["event"], last["why"], last["slot"]) == ("stopped", number.name, "tally-0")


def test_a_service_can_be_stopped_while_it_waits_for_the_world() -> None:
    with service("start_late") as running:
        eventually(lambda: "the world is not there" in running.get("/readyz")[1])
        assert running.get("/readyz")[0] == 503
        assert running.get("/livez")[0] == 200
        running.process.send_signal(signal.SIGTERM)
        code, err = running.ended()
    assert code == 0
    assert [json.loads(line)["event"] for line in err.splitlines()] == ["waiting", "stopped"]


def test_a_broken_promise_ends_with_seventy_and_a_reason_without_a_trace() -> None:
    with service("break_a_promise") as running:
        code, err = running.ended()
    assert code == 70
    assert json.loads(err)["reason"] == "the log has a gap"


def test_a_bug_ends_with_one_and_is_logged_once_with_its_trace() -> None:
    with service("have_a_bug") as running:
        code, err = running.ended()
    assert code == 1
    (line,) = err.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["exception"]


def test_wrong_settings_end_with_seventy_eight_and_name_each() -> None:
    with service("wait", SEATLINE_SLOT="x", SEATLINE_COLOUR="red") as running:
        code, err = running.ended()
    assert code == 78
    assert "SEATLINE_SLOT" in err
    assert "SEATLINE_COLOUR" in err
    assert "Traceback" not in err


def test_a_taken_port_ends_with_seventy_eight_and_says_which() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with service("wait", SEATLINE_HTTP_PORT=port) as running:
            code, err = running.ended()
    assert code == 78
    assert json.loads(err)["port"] == int(port)


def test_a_running_service_is_alive_ready_and_measured() -> None:
    with service("wait") as running:
        eventually(running.ready)
        assert running.get("/livez")[0] == 200
        status, metrics = running.get("/metrics")
        assert (status, "process_resident_memory_bytes" in metrics) == (200, True)
        assert running.get("/own?now") == (203, "a page of its own")
        assert running.get("/else") == (404, "there are /metrics, /livez, /readyz, /own\n")


def test_a_loop_that_does_not_turn_ends_with_seventy_and_says_where_it_stood() -> None:
    with service("stall") as running:
        eventually(running.ready)
        _, err = running.process.communicate(timeout=30)
        assert running.process.returncode == 70
    assert "the loop has stalled" in err
    assert "in stall" in err
