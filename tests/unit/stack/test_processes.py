import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.stack.processes import ProcessId, identify, is_alive, outwait, send, stop


@pytest.fixture
def sleeper() -> Iterator[ProcessId]:
    with subprocess.Popen((sys.executable, "-c", "import signal; signal.pause()")) as process:
        found = identify(process.pid)
        assert found is not None
        yield found
        process.kill()


def test_a_running_process_is_recognised(sleeper: ProcessId) -> None:
    assert is_alive(sleeper)
    assert identify(os.getpid()) == identify(os.getpid()) != sleeper


def test_a_stranger_with_the_same_number_is_neither_taken_for_it_nor_signalled(
    sleeper: ProcessId,
) -> None:
    ancestor = ProcessId(sleeper.pid, sleeper.started_ticks - 1)

    assert not is_alive(ancestor)
    assert not send(ancestor, signal.SIGKILL)
    assert outwait([ancestor], within_s=0) == []
    assert is_alive(sleeper)


def test_waiting_ends_with_the_process_or_with_the_deadline(sleeper: ProcessId) -> None:
    assert outwait([sleeper], within_s=0.01) == [sleeper]
    assert send(sleeper, signal.SIGKILL)
    assert outwait([sleeper], within_s=10) == []


def test_a_paused_process_is_woken_to_stop(sleeper: ProcessId) -> None:
    send(sleeper, signal.SIGSTOP)

    stop([sleeper], signal.SIGTERM, within_s=10)

    assert not is_alive(sleeper)


def test_one_that_ignores_the_request_is_killed(sleeper: ProcessId) -> None:
    stop([sleeper], signal.SIGURG, within_s=0.01)

    assert not is_alive(sleeper)


def test_a_process_that_is_gone_needs_no_stopping() -> None:
    with subprocess.Popen((sys.executable, "-c", "")) as process:
        process.wait()
    gone = ProcessId(process.pid, 1)

    assert identify(process.pid) is None
    assert not send(gone, signal.SIGTERM)
    stop([gone], signal.SIGTERM, within_s=1)
