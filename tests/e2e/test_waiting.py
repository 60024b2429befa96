import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.stack import service
from services.stack.command import plain_environment
from services.stack.identity import Wish, open_or_create
from services.stack.kinds import HTTP, KINDS
from services.stack.layout import Layout, make_secrets
from services.stack.plan import KAFKA, POSTGRES, Plan
from services.stack.ports import assign
from services.stack.postgres import dsn
from services.stack.surroundings import Surroundings
from tests.support.eventually import eventually
from tests.support.stack import whole_stack

pytestmark = pytest.mark.timeout(300)

WAITING_WITHIN_S = 60.0
READY_WITHIN_S = 90.0
STOP_WITHIN_S = 30.0


@dataclass
class Service:
    """A service that nobody supervises."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def waits_for(self) -> str:
        """What it says that it waits for: empty when it is ready."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as page:
                json.load(page)
                return ""
        except urllib.error.HTTPError as error:
            return " ".join(json.load(error)["waiting_for"].values())
        except OSError:
            return "its door"

    def has_said(self, why: str) -> bool:
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        said = [json.loads(line) for line in lines]
        return any(one["event"] == "waiting" and why in one.get("why", "") for one in said)

    def is_ready(self) -> bool:
        return not self.waits_for()


def surroundings(folder: Path) -> Surroundings:
    """Lay out a stack of which nothing runs yet: its addresses are fixed all the same."""
    layout = Layout.of(folder / "state")
    identity = open_or_create(layout, Wish(), datetime.now(UTC))
    make_secrets(layout)
    ports = assign(layout, Plan().doors(identity))
    return Surroundings(layout, identity, Plan(), ports, plain_environment(dict(os.environ)))


@contextmanager
def started(around: Surroundings, database: str) -> Iterator[dict[str, Service]]:
    """Start every service with the settings that its supervisor would give it."""
    running: dict[str, Service] = {}
    try:
        for kind in KINDS:
            command = service.command(kind, f"{kind.name}-0", around)
            environment = command.environment
            if "SEATLINE_POSTGRES" in environment:
                environment = {**environment, "SEATLINE_POSTGRES": database}
            log = around.layout.state.parent / f"{command.name}.log"
            with log.open("wb") as output:
                process = subprocess.Popen(
                    command.tied_argv(),
                    cwd=command.folder,
                    env=environment,
                    stdout=output,
                    stderr=output,
                )
            running[command.name] = Service(process, command.ports[HTTP], log)
        yield running
    finally:
        for one in running.values():
            one.process.terminate()
        for one in running.values():
            one.process.wait(STOP_WITHIN_S)


def test_services_wait_for_kafka_and_postgres_say_so_and_begin_when_these_come(
    tmp_path: Path,
) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "postgres").mkdir()
    around, other = surroundings(tmp_path / "kafka"), surroundings(tmp_path / "postgres")
    with started(around, dsn(other.layout, other.ports)) as services:
        for slot, one in services.items():
            eventually(
                lambda one=one: "Kafka does not answer" in one.waits_for(),  # type: ignore[misc]
                WAITING_WITHIN_S,
                f"{slot} names Kafka in its readiness",
            )
            assert one.has_said("Kafka does not answer"), f"{slot} did not log it"

        recorder = services["recorder-0"]
        with whole_stack(tmp_path / "kafka", only=(KAFKA,)):
            for slot, one in services.items():
                if one is not recorder:
                    eventually(one.is_ready, READY_WITHIN_S, f"{slot} is ready")
            eventually(lambda: "Postgres" in recorder.waits_for(), WAITING_WITHIN_S)
            assert recorder.has_said("Postgres")

            with whole_stack(tmp_path / "postgres", only=(POSTGRES,)):
                eventually(recorder.is_ready, READY_WITHIN_S, "the recorder is ready")
