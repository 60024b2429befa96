"""Real dispatchers on a real broker; router, gateway and operator are played by the test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.runtime.fenced_log.header import FencePoint, Header, from_proto
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, SendError, Sent
from services.stack.layout import REPOSITORY
from tests.support.eventually import eventually
from tests.support.recorder_entries import contact
from tests.support.recorder_logs import LogWriter

BOOT = b"boot-id-of-test!"
WITHIN_S = 30.0
_ALIVE_EVERY_S = 0.5
_AN_HOUR_MS = 3_600_000


def now_ms() -> int:
    """The clock that the broker stamps by: brokers of the tests run on this machine."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Told:
    """A fact that counts, and the record that it came in."""

    fact: facts_pb2.Fact
    header: Header
    offset: int

    @property
    def kind(self) -> str:
        return str(self.fact.WhichOneof("kind"))

    @property
    def body(self) -> Any:
        return getattr(self.fact, self.kind)


class DispatcherWorld:
    """One partition: what is said to it, and what its dispatchers make of it."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        self.facts: list[Told] = []
        self.headers: list[Header] = []
        """Of every record of facts that counts."""
        self.rulings = LogWriter((topics.RULINGS, 0), now_ms()).fence()
        self.map_version = self.policy_version = 0
        self._seats: dict[str, str] = {}
        self._writer = KafkaLogWriter(kafka, "test-writer")
        self._reader = KafkaLogReader(kafka, "test-reader")
        self._reader.assign({(topics.FACTS, 0): START})
        self._rule = FencedReader("facts/0")
        self._alive_s = 0.0
        self._append(self.rulings.tp, self.rulings.values[-1])

    # --- operator --------------------------------------------------------------------------------

    def publish_map(self, **seats: str) -> int:
        """Publish the map with seats at other or new centres, all of this partition."""
        self._seats.update(seats)
        self.map_version += 1
        self.send_map(self.map_version)
        return self.map_version

    def send_map(self, version: int) -> None:
        record = map_pb2.MapRecord(by="test", why="test")
        record.seat_map.version = version
        for centre_id in sorted(set(self._seats.values())):
            record.seat_map.centres.add(centre_id=centre_id, languages=["hi"])
        for seat_id, centre_id in self._seats.items():
            record.seat_map.seats.add(seat_id=seat_id, centre_id=centre_id)
        self._append((topics.MAP, 0), record.SerializeToString(), b"map")

    def publish_policy(self, *, required: bool = False) -> int:
        self.policy_version += 1
        policy = map_pb2.Policy(version=self.policy_version, required=required)
        policy.time_zone = "Asia/Kolkata"
        policy.max_wait.FromSeconds(600)
        policy.wrap_up.FromSeconds(60)
        record = map_pb2.MapRecord(by="test", why="test", policy=policy)
        self._append((topics.MAP, 0), record.SerializeToString(), b"policy")
        return self.policy_version

    def withdraw(self, contact_id: str) -> None:
        order = suppressions_pb2.Withdrawal(
            contact_id=contact_id, kind=suppressions_pb2.WITHDRAWAL_KIND_RECALL
        )
        value = order.SerializeToString()
        self._append((topics.SUPPRESSIONS, 0), value, contact_id.encode())

    # --- router ----------------------------------------------------------------------------------

    def routed(self, contact_id: str, seat_id: str, map_version: int = 0) -> rulings_pb2.Ruling:
        ruling = rulings_pb2.Ruling(
            contact=contact(contact_id),
            seat_id=seat_id,
            map_version=map_version or self.map_version,
            policy_version=self.policy_version,
            routed=rulings_pb2.Routed(centre_id=self._seats[seat_id], partition=0),
        )
        ruling.routed.allow_until.FromMilliseconds(now_ms() + _AN_HOUR_MS)
        return ruling

    def rule(self, *rulings: rulings_pb2.Ruling) -> None:
        """Append one record of rulings."""
        self.rulings.now_ms = now_ms()
        self._append(self.rulings.tp, self.rulings.write(*rulings).values[-1])

    def rule_late(self, epoch: int, seq: int, *rulings: rulings_pb2.Ruling) -> None:
        """Append a record of a router whose reign is over."""
        point = FencePoint(epoch, epoch.to_bytes(16), seq)
        self.rulings._append(Header(point, now_ms()), rulings)
        self._append(self.rulings.tp, self.rulings.values[-1])

    def take_rulings_over(self) -> None:
        """Let another router begin its reign."""
        self._append(self.rulings.tp, self.rulings.fence().values[-1])

    # --- gateway ---------------------------------------------------------------------------------

    def command(self, **command: Any) -> None:
        """Append a command of the gateway."""
        commands = [commands_pb2.Command(**command)]
        record = commands_pb2.CommandRecord(boot_id=BOOT, commands=commands)
        self._append((topics.COMMANDS, 0), record.SerializeToString())

    def sign_in(self, session_id: str, centre_id: str, token: bytes = b"") -> Told:
        """Sit down and wait for the binding."""
        nonce = f"{session_id}@{len(self.facts)}".encode()
        wish = commands_pb2.SignIn(
            session_id=session_id,
            centre_id=centre_id,
            languages=["hi"],
            nonce=nonce,
            resume_token=token,
        )
        self.command(sign_in=wish)
        return self.until("signed_in", session_id=session_id, nonce=nonce)

    # --- facts -----------------------------------------------------------------------------------

    def read(self) -> None:
        """Read on, and let the gateway show that it lives."""
        if time.monotonic() - self._alive_s > _ALIVE_EVERY_S:
            self._alive_s = time.monotonic()
            self.command(gateway_alive=commands_pb2.GatewayAlive())
        for arrived in self._reader.poll(0.05):
            record = facts_pb2.FactRecord.FromString(arrived.value)
            header = from_proto(record.header)
            if self._rule.accept(header).counts:
                self.headers.append(header)
                self.facts += [Told(fact, header, arrived.offset) for fact in record.facts]

    def of(self, kind: str, **fields: object) -> list[Told]:
        """Give the facts of a kind that say so; `contact_id` is looked for where it stands."""
        return [
            told
            for told in self.facts
            if told.kind == kind and all(_said(told.body, n) == v for n, v in fields.items())
        ]

    def until(self, kind: str, within_s: float = WITHIN_S, **fields: object) -> Told:
        """Wait for such a fact and give the first."""
        return self.until_there(1, kind, within_s, **fields)[0]

    def until_there(
        self, count: int, kind: str, within_s: float = WITHIN_S, **fields: object
    ) -> list[Told]:
        """Wait until there are so many of such facts."""

        def found() -> list[Told]:
            self.read()
            facts = self.of(kind, **fields)
            return facts if len(facts) >= count else []

        return eventually(found, within_s, f"{count} {kind} {fields}")

    def wait(self, until_ms: int) -> None:
        """Let time pass while the gateway lives."""

        def passed() -> bool:
            self.read()
            return now_ms() > until_ms

        eventually(passed, within_s=120)

    def _append(self, tp: tuple[str, int], value: bytes, key: bytes | None = None) -> None:
        settled: list[Sent | SendError] = []
        self._writer.send(tp, value, settled.append, key)
        assert self._writer.flush(WITHIN_S) == 0
        assert isinstance(settled[0], Sent), settled[0]

    # --- dispatchers -----------------------------------------------------------------------------

    @contextmanager
    def dispatcher(self, index: int = 0) -> Iterator["DispatcherProcess"]:
        """Run a slot until the block ends."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = {
            "KAFKA": self.kafka,
            "STATE": str(self.folder),
            "SLOT": f"dispatcher-{index}",
            "SLOTS": "2",
            "PARTITIONS": "1",
            "HTTP_PORT": str(port),
        }
        around = {k: v for k, v in os.environ.items() if not k.startswith("SEATLINE_")}
        with (self.folder / f"dispatcher-{index}.log").open("ab") as log:
            process = DispatcherProcess(
                lambda: subprocess.Popen(
                    (sys.executable, "-m", "services.dispatcher"),
                    cwd=REPOSITORY,
                    env={**around, **{f"SEATLINE_{k}": v for k, v in settings.items()}},
                    stderr=log,
                )
            )
            try:
                yield process
            finally:
                process.kill()


@dataclass
class DispatcherProcess:
    """A slot as its supervisor would keep it."""

    spawn: Callable[[], subprocess.Popen[bytes]]
    child: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.child = self.spawn()

    def kill(self) -> None:
        self.child.send_signal(signal.SIGCONT)
        self.child.kill()
        self.child.wait(10)

    def restart(self) -> None:
        """Kill it with no word, and start it again."""
        self.kill()
        self.child = self.spawn()

    def pause(self) -> None:
        self.child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.child.send_signal(signal.SIGCONT)


def _said(body: Any, name: str) -> object:
    if name != "contact_id":
        return getattr(body, name, None)
    for holder in ("attempt", "contact"):
        if holder in body.DESCRIPTOR.fields_by_name:
            return getattr(body, holder).contact_id
    return getattr(body, "contact_id", None)


def kinds(facts: Sequence[Told], contact_id: str) -> list[str]:
    """Give in order what happened to a contact."""
    return [told.kind for told in facts if _said(told.body, "contact_id") == contact_id]
