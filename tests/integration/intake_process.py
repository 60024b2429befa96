import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

REPOSITORY = Path(__file__).parents[2]
PARTITIONS = 8
KEY = bytes(range(32))
READ_WITHIN_S = 30.0


def eventually(condition: Callable[[], object], within_s: float = READ_WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Intake:
    """An intake process, and the means to look at it and to hurt it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.page("/readyz")[0] == 200

    def metric(self, sample: str) -> float:
        for line in self.page("/metrics")[1].splitlines():
            if line.startswith(sample + " "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(25)


@contextmanager
def intake(kafka: str, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Intake]:
    """Run an intake process inside the block."""
    folder.mkdir(exist_ok=True)
    key = folder / "key"
    key.write_bytes(KEY)
    port = free_port()
    log = folder / "intake.log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEATLINE_")},
        "SEATLINE_KAFKA": kafka,
        "SEATLINE_STATE": str(folder),
        "SEATLINE_SLOT": "intake-0",
        "SEATLINE_PARTITIONS": str(PARTITIONS),
        "SEATLINE_HTTP_PORT": str(port),
        "SEATLINE_KEY_FILE": str(key),
        **(settings or {}),
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            (sys.executable, "-m", "services.intake"),
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        yield Intake(process, port, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def produce(kafka: str, topic: str, records: list[tuple[int, bytes]]) -> list[tuple[int, int]]:
    """Append records to partitions and give (partition, offset) of each, in order."""
    places: list[tuple[int, int]] = [(-1, -1)] * len(records)
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True})

    def acknowledged(index: int) -> Callable[[Any, Message], None]:
        def note(error: Any, message: Message) -> None:
            assert error is None
            places[index] = (message.partition() or 0, message.offset() or 0)

        return note

    for index, (partition, value) in enumerate(records):
        producer.produce(topic, value, partition=partition, on_delivery=acknowledged(index))
        producer.poll(0)
    assert producer.flush(30) == 0
    return places


def read_all(kafka: str, topic: str) -> list[Message]:
    """Give every record that a topic has by now."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "test", "enable.auto.commit": "false"}
    )
    try:
        ends = {}
        for partition in range(PARTITIONS):
            place = TopicPartition(topic, partition, 0)
            ends[partition] = consumer.get_watermark_offsets(place, timeout=10)[1]
        wanted = sum(ends.values())
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        found: list[Message] = []
        deadline = time.monotonic() + READ_WITHIN_S
        while len(found) < wanted:
            assert time.monotonic() < deadline, f"{topic}: {len(found)} of {wanted} records"
            found += consumer.consume(500, 0.5)
        return found
    finally:
        consumer.close()


def contact_json(contact_id: str, **changes: Any) -> bytes:
    fields = {
        "contact_id": contact_id,
        "seat_id": "S24-35",
        "phone": "+91 10000 00001",
        "name": "Asha Example",
    }
    return json.dumps({**fields, **changes}).encode()
