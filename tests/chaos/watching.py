"""Watch a stack while it is hurt: its logs, record by record, and how far they are recorded."""

import asyncio
import threading
import time
from typing import Any

import asyncpg
from confluent_kafka import Consumer, Message, TopicPartition
from typing_extensions import override

from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.fenced_log.header import Fence, from_proto
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.postgres import CONNECTION_LOST
from tests.chaos.board import Board
from tests.chaos.signs import FACTS, RULINGS, Heard, Log, Moved, Reign

LOOK_EVERY_S = 0.05
"""At the positions of recorders: how exact the time of their return is."""
ANSWER_WITHIN_S = 2.0
ENDS_WITHIN_S = 20.0
_BODIES: dict[str, tuple[Any, str, str]] = {
    RULINGS: (rulings_pb2.RulingRecord, "rulings", "outcome"),
    FACTS: (facts_pb2.FactRecord, "facts", "kind"),
}
_POSITIONS = "SELECT topic, partition, next_offset, reader_epoch FROM seatline.recorder_position"


def now_ms() -> int:
    """The clock that brokers of this machine stamp by."""
    return time.time_ns() // 1_000_000


class _Judge:
    """Takes one partition record by record and tells those that count."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._body, self._field, self._oneof = _BODIES[log[0]]
        self._rule = FencedReader(f"{log[0]}/{log[1]}")
        self._slot = ""

    def hear(self, message: Message) -> Heard | None:
        body = self._body.FromString(message.value() or b"")
        header = from_proto(body.header)
        if not self._rule.accept(header).counts:
            return None
        if isinstance(header.control, Fence):
            self._slot = header.control.slot
        entries = getattr(body, self._field)
        kinds = frozenset(str(entry.WhichOneof(self._oneof)) for entry in entries)
        reign = Reign(self._slot, header.point.epoch, header.point.owner)
        return Heard(self._log, message.timestamp()[1], reign, kinds, entries)


class Watch:
    """A thread that works until the block is left; what ends it early is raised there."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._thread.join(ENDS_WITHIN_S)
        if kind is None and self._failure is not None:
            raise self._failure

    def work(self) -> None:
        """Watch until `_stop` is set."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - raised again where the block is left
            self._failure = error


class LogWatch(Watch):
    """Reads rulings and facts from their beginning and goes on with them."""

    def __init__(self, kafka: str, board: Board) -> None:
        super().__init__("logs")
        self._kafka = kafka
        self._board = board

    @override
    def work(self) -> None:
        judges = {log: _Judge(log) for log in self._board.logs}
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka,
                "group.id": "chaos-unused",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "reconnect.backoff.max.ms": 1_000,
                "log_level": 0,
            }
        )
        consumer.assign([TopicPartition(*log, 0) for log in judges])
        try:
            while not self._stop.is_set():
                # To ask for many at once would wait for all of them.
                first = consumer.poll(0.1)
                for message in [] if first is None else [first, *consumer.consume(500, 0)]:
                    if message.error() is None:
                        self._take(judges, message)
        finally:
            consumer.close()

    def _take(self, judges: dict[Log, _Judge], message: Message) -> None:
        log = (str(message.topic()), int(message.partition() or 0))
        heard = judges[log].hear(message)
        if heard is not None:
            self._board.hear(heard)


class RecordWatch(Watch):
    """Looks at the recorders' positions twenty times a second: no log tells when rows came."""

    def __init__(self, dsn: str, board: Board) -> None:
        super().__init__("rows")
        self._dsn = dsn
        self._board = board
        self._seen: dict[Log, tuple[int, int]] = {}

    @override
    def work(self) -> None:
        asyncio.run(self._look())

    async def _look(self) -> None:
        connection: asyncpg.Connection | None = None
        while not self._stop.is_set():
            try:
                if connection is None:
                    connection = await asyncpg.connect(self._dsn, timeout=ANSWER_WITHIN_S)
                self._take(await connection.fetch(_POSITIONS, timeout=ANSWER_WITHIN_S))
            except CONNECTION_LOST:
                self._board.away()
                if connection is not None:
                    connection.terminate()
                    connection = None
            await asyncio.sleep(LOOK_EVERY_S)
        if connection is not None:
            connection.terminate()

    def _take(self, rows: list[asyncpg.Record]) -> None:
        at_ms = now_ms()
        for row in rows:
            log, place = (row["topic"], row["partition"]), (row["next_offset"], row["reader_epoch"])
            if self._seen.get(log) != place:
                self._seen[log] = place
                self._board.moved(Moved(log, *place, at_ms))
