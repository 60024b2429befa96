import asyncio
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.stack.child import Child
from services.stack.command import Command, plain_environment
from services.stack.kinds import HTTP
from services.stack.rolling import Progress, RollingRestart

STANDS = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"


class Page:
    """Answers for a service: whether it is ready."""

    def __init__(self) -> None:
        self.status = 200
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(page.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.server.shutdown()
    made.server.server_close()


def service(name: str, page: Page, folder: Path) -> Child:
    argv = (sys.executable, "-c", STANDS)
    ports = {HTTP: page.server.server_address[1]}
    command = Command(name, argv, plain_environment(dict(os.environ)), folder, ports=ports)
    return Child(command, folder / f"{name}.log", lambda: None)


async def kept(*children: Child) -> list[asyncio.Task[None]]:
    keepers = [asyncio.create_task(each.keep()) for each in children]
    async with asyncio.timeout(20):
        while not all(each.standing.process for each in children):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return keepers


async def ended(children: list[Child], keepers: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*(each.stop() for each in children))
    await asyncio.gather(*keepers)


async def test_services_restart_one_after_the_other(page: Page, tmp_path: Path) -> None:
    children = [service(f"svc-{n}", page, tmp_path) for n in range(2)]
    keepers = await kept(*children)
    before = [each.standing.process for each in children]
    steps: list[str] = []
    rolling = RollingRestart(lambda: steps.append(rolling.progress.now))
    await rolling.run(children)
    assert rolling.progress.phase == "done"
    assert [each["name"] for each in rolling.progress.restarted] == ["svc-0", "svc-1"]
    assert steps == ["svc-0", "svc-1", ""]
    assert not {each.standing.process for each in children} & set(before)
    await ended(children, keepers)


async def test_nobody_leaves_while_one_is_not_ready(page: Page, tmp_path: Path) -> None:
    children = [service("svc-0", page, tmp_path)]
    keepers = await kept(*children)
    before = children[0].standing.process
    page.status = 503
    rolling = RollingRestart(lambda: None)
    await rolling.run(children)
    progress = rolling.progress
    assert (progress.phase, progress.restarted, progress.now) == ("failed", [], "svc-0")
    assert "mend it first" in progress.error
    assert children[0].standing.process == before
    await ended(children, keepers)


async def test_it_stops_at_the_first_that_does_not_come_back(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.stack.rolling.READY_WITHIN_S", 0.5)
    children = [service(f"svc-{n}", page, tmp_path) for n in range(2)]
    keepers = await kept(*children)
    second = children[1].standing.process
    children[0]._changed = lambda: setattr(page, "status", 503)  # from its end on
    rolling = RollingRestart(lambda: None)
    await rolling.run(children)
    assert (rolling.progress.phase, rolling.progress.now) == ("failed", "svc-0")
    assert "is not ready after" in rolling.progress.error
    assert children[1].standing.process == second
    await ended(children, keepers)


async def test_a_wish_meanwhile_changes_nothing() -> None:
    rolling = RollingRestart(lambda: None)
    rolling.progress = Progress(3, "running", "svc-0")
    await rolling.run([])
    assert rolling.progress == Progress(3, "running", "svc-0")
