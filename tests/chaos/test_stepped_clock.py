import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos import stepped_clock
from tests.chaos.stepped_clock import Clocks

REFUSED = stepped_clock.refusal()
pytestmark = [pytest.mark.skipif(bool(REFUSED), reason=REFUSED), pytest.mark.timeout(40)]

SERVICE = """
import sys, time
for _ in sys.stdin:
    print(time.time(), time.time_ns() / 1e9, time.monotonic(), flush=True)
    time.sleep(0.001)
"""
WAITER = """
import sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": "127.0.0.1:9", "group.id": "g", "log_level": 0})
for line in sys.stdin:
    consumer.poll(float(line))
    print("polled", flush=True)
"""
"""Its library waits until a time of the wall clock."""
HOUR_S = 3_600


@pytest.fixture
def clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clocks:
    for name in ("CHAOS_CLOCK_LIBRARY", "CHAOS_CLOCKS", "PYTHONPATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    made = Clocks(tmp_path)
    made.prepare()
    monkeypatch.setenv("SEATLINE_SLOT", "router-0")
    return made


@contextmanager
def started(program: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        (sys.executable, "-c", program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            yield service
        finally:
            service.kill()


def asked(service: "subprocess.Popen[str]", line: str) -> str:
    assert service.stdin is not None
    assert service.stdout is not None
    service.stdin.write(f"{line}\n")
    service.stdin.flush()
    return service.stdout.readline().strip()


def told(service: "subprocess.Popen[str]") -> list[float]:
    return [float(each) for each in asked(service, "").split()]


def test_the_wall_clock_of_a_service_is_stepped_and_put_right_and_no_other_clock(
    clocks: Clocks,
) -> None:
    with started(SERVICE) as service:
        began = told(service)
        for seconds in (HOUR_S, -HOUR_S, 0):
            clocks.step("router-0", seconds)
            now = told(service)
            assert now[0] - began[0] == pytest.approx(seconds, abs=30)
            assert now[1] - began[1] == pytest.approx(seconds, abs=30)
            assert now[2] - began[2] == pytest.approx(0, abs=30)


@pytest.mark.parametrize("seconds", [HOUR_S, -HOUR_S])
def test_whoever_waits_by_a_stepped_clock_waits_no_longer_and_no_shorter(
    seconds: int, clocks: Clocks
) -> None:
    with started(WAITER) as service:
        assert asked(service, "0.1") == "polled"
        clocks.step("router-0", seconds)
        began_s = time.monotonic()
        assert asked(service, "1.5") == "polled"
        assert 1.4 <= time.monotonic() - began_s < 30
