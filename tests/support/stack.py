"""Give tests a real broker, a real database, or a whole stack, in a folder of their own.

Every stack started here is bound to the test process: it goes when that does, however it ends.
"""

import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition as Tp
from confluent_kafka.admin import AdminClient, OffsetSpec

from services.stack import commands
from services.stack.identity import Wish
from services.stack.launch import running_supervisor
from services.stack.layout import Layout
from services.stack.plan import KAFKA, PARTS, POSTGRES, Plan
from services.stack.ports import load as load_ports
from services.stack.postgres import binaries, dsn
from tests.support.eventually import eventually

QUICK_START = "-XX:TieredStopAtLevel=1"
"""For brokers that live a minute: the second compiler of Java would cost more than it saves."""
READY_WITHIN_S = 100.0
PSQL_WITHIN_S = 30.0
ANSWER_WITHIN_S = 30.0


def pytest_configure() -> None:
    os.environ.setdefault("JDK_JAVA_OPTIONS", QUICK_START)


@dataclass(frozen=True)
class Stack:
    """A stack that is up, and the means to hurt its processes."""

    layout: Layout

    @property
    def endpoints(self) -> dict[str, Any]:
        """What `endpoints.json` says now."""
        endpoints: dict[str, Any] = json.loads(self.layout.endpoints.read_text())
        return endpoints

    def status(self) -> commands.Standing:
        return commands.status(self.layout)

    def pid(self, name: str) -> int:
        """The pid of a process now: after a restart it is another one."""
        if name == "supervisor":
            supervisor = running_supervisor(self.layout)
            assert supervisor is not None, "no supervisor is running"
            return supervisor.pid
        pid = self.endpoints["pids"].get(name)
        assert pid is not None, f"{name} is not running"
        return int(pid)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a process and give the pid that it had."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def pause(self, name: str) -> int:
        return self.kill(name, signal.SIGSTOP)

    def resume(self, name: str) -> int:
        return self.kill(name, signal.SIGCONT)


@contextmanager
def whole_stack(
    folder: Path,
    *,
    wish: Wish | None = None,
    only: tuple[str, ...] = PARTS,
    slots: Mapping[str, int] | None = None,
    within_s: float = READY_WITHIN_S,
) -> Iterator[Stack]:
    """Bring a stack up in `folder`/state and take it down after the block.

    `wish` says what it is (mode, partitions, brokers), `only` which parts run, `slots` how many
    processes of each kind (one, unless given).
    """
    layout = Layout.of(folder / "state")
    plan = Plan({**Plan().slots, **(slots or {})}, only)
    commands.up(layout, wish or Wish(), plan, within_s=within_s, bound_to=os.getpid())
    try:
        yield Stack(layout)
    finally:
        commands.down(layout)


@dataclass(frozen=True)
class Broker:
    """A real broker that has the project's topics and those that tests make."""

    address: str

    def fresh_topic(
        self,
        stem: str = "test",
        partitions: int = 1,
        configs: Mapping[str, str] | None = None,
        leaders: Sequence[int] = (),
    ) -> str:
        """Create a topic that nobody else uses, stamped by the broker, and give its name.

        `leaders` names a broker for each partition, which keeps it alone.
        """
        from kafka import KafkaAdminClient  # slow to import, and most runs do without

        name = f"{stem}.{secrets.token_hex(6)}"
        settings = {"message.timestamp.type": "LogAppendTime", **(configs or {})}
        with KafkaAdminClient(bootstrap_servers=self.address) as admin:
            placed: dict[str, Any] = {"num_partitions": partitions}
            if leaders:
                placed = {"assignments": {n: [leader] for n, leader in enumerate(leaders)}}
            admin.create_topics({name: {**placed, "configs": settings}}, wait_for_metadata=True)
        if leaders:
            _wait_for_leaders(self.address, [Tp(name, n) for n in range(len(leaders))])
        return name


def _wait_for_leaders(address: str, partitions: list[Tp]) -> None:
    """Wait for brokers that hear a little later than others what they lead."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 2})

    def answer() -> bool:
        asked = admin.list_offsets({tp: OffsetSpec.latest() for tp in partitions}).values()
        known = [each for each in asked if each.exception(ANSWER_WITHIN_S) is None]
        return [each.result().offset for each in known] == [0] * len(partitions)

    eventually(answer)


@dataclass(frozen=True)
class Database:
    """A real server, on which every test has a database of its own."""

    layout: Layout

    @property
    def dsn(self) -> str:
        """The address of the server's maintenance database."""
        return self._address("postgres")

    def fresh_database(self, *, migrated: bool = True) -> str:
        """Create a database that nobody else uses and give its address."""
        name = f"test_{secrets.token_hex(6)}"
        # Nobody connects to the stack's own database here: it serves as the migrated template.
        template = "seatline" if migrated else "template0"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self._address(name)

    def execute(self, statement: str, address: str | None = None) -> str:
        """Run one statement, by default on the maintenance database, and give what it printed."""
        folder = binaries()
        assert folder is not None, "PostgreSQL is missing: run `make setup`"
        return subprocess.run(
            (folder / "psql", address or self.dsn, "-XqAtv", "ON_ERROR_STOP=1", "-c", statement),
            stdout=subprocess.PIPE,
            text=True,
            timeout=PSQL_WITHIN_S,
            check=True,
        ).stdout.strip()

    def _address(self, database: str) -> str:
        return dsn(self.layout, load_ports(self.layout), database)


@pytest.fixture(scope="session")
def kafka_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with whole_stack(tmp_path_factory.mktemp("kafka"), only=(KAFKA,)) as stack:
        yield Broker(stack.endpoints["kafka"])


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with whole_stack(tmp_path_factory.mktemp("postgres"), only=(POSTGRES,)) as stack:
        yield Database(stack.layout)
