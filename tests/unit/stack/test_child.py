import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.stack.child import LONGEST_DELAY_S, Child, restart_delay_s
from services.stack.command import Command, plain_environment

READY = "print('ready', flush=True)"


async def eventually(condition: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - files and processes send no event
            await asyncio.sleep(0.01)


def said(log: Path) -> str:
    return log.read_text() if log.exists() else ""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "child.log"


def child(program: str, log: Path, *, stop_within_s: float = 20.0) -> Child:
    environment = plain_environment(dict(os.environ))
    argv = (sys.executable, "-c", program)
    command = Command("child", argv, environment, log.parent, stop_within_s=stop_within_s)
    return Child(command, log, lambda: None)


async def running(each: Child, log: Path) -> Awaitable[None]:
    keeper = asyncio.create_task(each.keep())
    await eventually(lambda: "ready" in said(log))
    return keeper


def test_the_first_restart_is_at_once_and_the_later_ones_back_off_to_a_limit() -> None:
    assert [restart_delay_s(deaths) for deaths in (1, 2, 3, 4, 5)] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert restart_delay_s(1_000_000) == LONGEST_DELAY_S


async def test_a_killed_process_is_started_again_and_counted(log: Path) -> None:
    each = child(f"{READY}; import time; time.sleep(60)", log)
    keeper = await running(each, log)
    first = each.standing.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)

    await eventually(lambda: said(log).count("ready") == 2)
    assert each.standing.restarts == 1
    assert each.standing.last_exit == -signal.SIGKILL
    assert each.standing.process not in {None, first}

    await each.stop()
    await keeper
    assert each.standing.state == "stopped"
    assert each.standing.process is None


async def test_a_process_that_refuses_its_settings_is_left_alone(log: Path) -> None:
    each = child("import sys; sys.exit(78)", log)

    async with asyncio.timeout(20):
        await each.keep()

    assert (each.standing.state, each.standing.restarts) == ("refused", 0)


async def test_a_paused_process_is_woken_to_leave_in_order(log: Path) -> None:
    leave = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit('left'))"
    each = child(f"{leave}; {READY}; signal.pause()", log)
    keeper = await running(each, log)
    assert each.standing.process is not None
    os.kill(each.standing.process.pid, signal.SIGSTOP)

    await each.stop()
    await keeper

    assert "left" in said(log)


async def test_a_process_that_ignores_its_deadline_is_killed(log: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    each = child(f"{deaf}; {READY}; signal.pause()", log, stop_within_s=0.2)
    keeper = await running(each, log)

    await each.stop()
    await keeper

    assert each.standing.last_exit == -signal.SIGKILL


async def test_stopping_ends_the_wait_before_a_restart(log: Path) -> None:
    each = child("raise SystemExit(1)", log)
    keeper = asyncio.create_task(each.keep())
    await eventually(lambda: each.standing.restarts == 3)

    await each.stop()
    async with asyncio.timeout(5):
        await keeper

    assert each.standing.state == "stopped"


async def test_a_program_that_cannot_be_started_is_tried_again(tmp_path: Path, log: Path) -> None:
    command = Command("child", ("x",), {}, tmp_path / "absent")
    each = Child(command, log, lambda: None)
    keeper = asyncio.create_task(each.keep())

    await eventually(lambda: each.standing.restarts == 2)
    await each.stop()
    await keeper


async def test_a_process_that_is_to_start_again_leaves_in_order_and_has_not_died(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"
    each = child(f"{leave}; {READY}; signal.pause()", log)
    keeper = await running(each, log)
    first = each.standing.process
    for times in (2, 3, 4):
        await each.start_again()
        await eventually(lambda times=times: said(log).count("ready") == times)  # type: ignore[misc]
    assert (each.standing.last_exit, each.standing.restarts) == (0, 3)
    assert "ended with" not in caplog.text, "the next start would wait"
    assert each.standing.process not in {None, first}

    await each.stop()
    await keeper
    await each.start_again()
    assert each.standing.state == "stopped"
