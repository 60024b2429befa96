"""Lose what a whole stack keeps, and look at what is left."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from seatline.contacts.v1 import contacts_pb2
from services.runtime.partitioning import partition_of
from services.stack import commands
from services.stack.identity import Wish
from services.stack.layout import REPOSITORY
from services.stack.plan import Plan
from tests.support.load import CONTACTS, FACTS, MAP, RULINGS, command, fetch, read_all
from tests.support.stack import READY_WITHIN_S, Stack

TABLES = {
    "contact": "*",
    "contact_state": "*",
    "outcome": "*",
    "outcome_amendment": "*",
    "live_assignment": "*",
    "decision": "*",
    "control": "*",
    # The mark of being published is Postgres's alone: they are published again, to no harm.
    "withdrawal": "topic, partition, record_offset, entry, person_key, contact_id, kind, given_at",
    "recorder_position": "topic, partition, topic_id, next_offset, epoch, owner, seq, log_time",
}
Attempt = tuple[str, int, int]
Rows = Mapping[str, Sequence[tuple[Any, ...]]]


def up(stack: Stack, *only: str) -> None:
    plan = Plan(only=only) if only else Plan()
    commands.up(stack.layout, Wish(), plan, within_s=READY_WITHIN_S, bound_to=os.getpid())


def numbers_in(journal: Path) -> set[Attempt]:
    """Return the attempts whose number a caller saw."""
    entries = map(json.loads, journal.read_text().splitlines())
    return {tuple(each["attempt"]) for each in entries if each["kind"] == "number"}


def recorded(stack: Stack) -> bool:
    """Tell whether everything that the logs hold is recorded."""
    ends = {
        (topic, number): 0 for topic in (RULINGS, FACTS) for number in range(partitions_of(stack))
    }
    for topic in (RULINGS, FACTS):
        for message in read_all(stack, topic):
            ends[topic, int(message.partition() or 0)] = int(message.offset() or 0) + 1
    query = "SELECT topic, partition, next_offset FROM seatline.recorder_position"
    return {(row[0], row[1]): row[2] for row in fetch(stack, query)} == ends


def partitions_of(stack: Stack) -> int:
    return int(stack.endpoints["partitions"])


def rows_of(stack: Stack) -> Rows:
    return {
        table: sorted((tuple(row) for row in fetch(stack, _all(table))), key=repr)
        for table in TABLES
    }


def _all(table: str) -> str:
    return f"SELECT {TABLES[table]} FROM seatline.{table}"  # noqa: S608


def placed(stack: Stack, *places: str) -> set[str]:
    query = "SELECT contact_id FROM seatline.contact_state WHERE place = ANY ($1::text[])"
    return {row["contact_id"] for row in fetch(stack, query, list(places))}


def recover(stack: Stack, *options: str) -> tuple[int, dict[str, Any]]:
    return command(stack, "recover", "--from-postgres", "--why", "a test", *options)


IN_FORCE = ("--map", str(MAP), "--policy", "default")


def kill_while_it_recovers(stack: Stack, step: str) -> None:
    """Begin to recover and kill the process when it says that it has come to a step."""
    state = str(stack.layout.state)
    arguments = ("recover", "--from-postgres", "--yes", "--calls-over", "--why", "a test")
    process = subprocess.Popen(
        (sys.executable, "-m", "services.cli", *arguments, *IN_FORCE, "--state", state),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    said = []
    with process.stderr:
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith(step):
                break
        process.kill()
    process.wait(30)
    assert said[-1].startswith(step), said


def send_again(stack: Stack, records: Sequence[bytes]) -> int:
    """Let the senders repeat all that they ever sent; return how many contacts that is."""
    producer = Producer({"bootstrap.servers": stack.endpoints["kafka"], "linger.ms": 0})
    contacts = 0
    for record in records:
        first, *more = contacts_pb2.ContactRecord.FromString(record).contacts
        number = partition_of(first.contact_id.encode(), partitions_of(stack))
        producer.produce(CONTACTS, record, partition=number)
        contacts += 1 + len(more)
    assert producer.flush(30) == 0
    return contacts
