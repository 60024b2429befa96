"""A recovery from Postgres on a real broker and database, ended at each of its steps."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from typing_extensions import override

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, orders_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.cli.adapters.kafka_log_book import KafkaLogBook
from services.cli.adapters.new_logs import KafkaNewLogs
from services.cli.adapters.order_files import read_rules
from services.cli.adapters.postgres_recovery import PostgresRecovery, recovering
from services.cli.errors import NotDoneError
from services.cli.handlers.recover import RecoverHandler, State, Wish
from services.cli.ports.recovery import Summary
from services.cli.ports.signature import Signature
from services.recorder.adapters.postgres import PostgresOutcomeStore
from services.runtime.kafka_log import KafkaLogWriter
from services.stack.plan import KAFKA, POSTGRES
from tests.support.load import MAP
from tests.support.recorder_entries import (
    NOON_MS,
    confirmed,
    dialled,
    ended,
    held,
    offered,
    opted_out,
    person_key,
    queued,
    returned,
    routed,
)
from tests.support.recorder_logs import facts_log, rulings_log
from tests.support.recorder_world import record
from tests.support.stack import Stack, whole_stack

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

NOW = datetime.fromtimestamp(NOON_MS / 1000, UTC) + timedelta(minutes=1)
CONTACTS, MAPS, SUPPRESSIONS = "seatline.contacts.v1", "seatline.map.v1", "seatline.suppressions.v1"
NEVER_DIALLED = facts_pb2.END_REASON_NEVER_DIALLED
AGAIN = {"routed", "queued", "offered", "held", "returned", "never-dialled"}
HUMAN = {"confirmed", "on-call"}
OVER = {"ended", "withdrawn", "opted-out"}
RECORDED = AGAIN | HUMAN | OVER | {"held-until"}
STOPPED, LIFTED = (map_pb2.STOP_SCOPE_CAMPAIGN, "autumn"), (map_pb2.STOP_SCOPE_SEAT, "S24-35")


CHANGES = {"begin", "mark_done", "withdraw", "stop", "mark", "publish_policy", "publish_map"}
CHANGES |= {"release", "send", "mark_sent"}
DEATHS = [
    (1, "begin"),
    *((2, "withdraw"), (2, "mark_done")),
    *((3, "stop"), (2, "mark_done")),
    *((3, "mark"), (2, "mark_done")),
    *((3, "publish_policy"), (2, "publish_map"), (2, "mark_done")),
    *((2, "release"), (2, "send"), (3, "mark_sent")),
]
"""Each run does what the last one did not, and so many calls later the process ends."""


def order(**fields: Any) -> facts_pb2.Fact:
    return facts_pb2.Fact(**fields)


async def fill(dsn: str) -> None:
    """Record a day on which every place is taken by a contact that bears its name."""
    rulings = rulings_log().write(*(routed(name) for name in sorted(RECORDED - {"held"})))
    rulings.write(held("held"), held("held-until", 2, until_ms=NOON_MS + 9 * 3_600_000))
    facts = facts_log().write(
        order(map_applied=orders_pb2.MapApplied(version=7)),
        order(policy_applied=orders_pb2.PolicyApplied(version=3)),
        order(stop_applied=orders_pb2.StopApplied(scope=STOPPED[0], id=STOPPED[1])),
        order(stop_applied=orders_pb2.StopApplied(scope=LIFTED[0], id=LIFTED[1])),
        order(stop_lifted=orders_pb2.StopLifted(scope=LIFTED[0], id=LIFTED[1])),
    )
    facts.write(*(queued(name) for name in sorted(RECORDED - {"held", "routed"})))
    facts.write(queued("unknown"), returned("returned"), offered("offered"))
    facts.write(ended("never-dialled", reason=NEVER_DIALLED))
    for name in ("confirmed", "on-call", "ended", "opted-out"):
        facts.write(offered(name), confirmed(name, session=f"s-{name}"))
    for name in ("on-call", "ended", "opted-out"):
        facts.write(dialled(name))
    facts.write(ended("ended", session="s-ended"), ended("opted-out", session="s-opted-out"))
    facts.write(opted_out("opted-out"), opted_out("withdrawn", provisional=False))
    store = PostgresOutcomeStore(dsn, "a-test")
    await record(store, rulings, facts)
    await store.close()


class FormerLogs(KafkaNewLogs):
    """Logs that play new ones, though the last recovery stands in them."""

    @override
    def in_the_way(self) -> list[str]:
        return []


class DiedError(Exception):
    """The process ended here; nothing of ours catches it."""


class Dies:
    """Lets calls through, and ends before the one that would be the `left`-th to change a thing."""

    def __init__(self, behind: Any, left: list[int]) -> None:
        self._behind = behind
        self._left = left

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._behind, name)
        if name not in CHANGES:
            return found
        self._left[0] -= 1
        if self._left[0] == 0:
            raise DiedError(f"before {name}")
        return found


@dataclass
class Place:
    stack: Stack
    logs: type[KafkaNewLogs] = KafkaNewLogs

    @property
    def dsn(self) -> str:
        return str(self.stack.endpoints["postgres"])

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[PostgresRecovery, KafkaNewLogs]]:
        book = KafkaLogBook(self.stack.endpoints["kafka"])
        try:
            async with recovering(self.dsn) as store:
                yield store, self.logs(self.stack.endpoints["kafka"], book)
        finally:
            book.close()

    async def recover(self, dies_at: int = 0, now: datetime = NOW, **changes: Any) -> Summary:
        fields = {"calls_over": True, "rules": read_rules(MAP, "default"), "running": (), **changes}
        wish = Wish(Signature("a test", "a test"), **fields)
        async with self.opened() as (store, logs):
            left = [dies_at]
            handler: Any = RecoverHandler(Dies(store, left), Dies(logs, left), lambda _: None)
            return await handler(wish, await handler.assess(wish, now), now)

    async def state(self) -> State:
        wish = Wish(Signature("a test", ""), None, calls_over=False, running=())
        async with self.opened() as (store, logs):
            return (await RecoverHandler(store, logs, lambda _: None).assess(wish, NOW)).state

    async def fetch(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    def read(self, topic: str) -> Sequence[bytes]:
        book = KafkaLogBook(self.stack.endpoints["kafka"])
        try:
            return [each.value for each in book.read(topic, book.bounds(topic))]
        finally:
            book.close()

    def sent(self) -> list[contacts_pb2.Contact]:
        records = map(contacts_pb2.ContactRecord.FromString, self.read(CONTACTS))
        return [contact for each in records for contact in each.contacts]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("recover")
    with whole_stack(folder, only=(KAFKA, POSTGRES)) as stack:
        yield Place(stack)


async def test_a_recovery_that_dies_at_every_step_is_completed_and_calls_nobody_twice(
    place: Place,
) -> None:
    with pytest.raises(NotDoneError, match="nothing to recover from"):
        await place.recover()
    await fill(place.dsn)
    assert await place.state() is State.LOST
    with pytest.raises(NotDoneError, match=r"router-0 run: .*make down"):
        await place.recover(running=("router-0",))
    with pytest.raises(NotDoneError, match=r"--map, --policy: .*map 7"):
        await place.recover(rules=None)
    assert await place.state() is State.LOST

    for dies_at, before in DEATHS:
        with pytest.raises(DiedError, match=f"^before {before}$"):
            await place.recover(dies_at)
    done = await place.recover()
    assert (done.released, done.waiting) == (len(AGAIN), 0)
    assert {each.contact_id for each in done.by_hand if each.fate == "human"} == HUMAN
    assert [each.contact_id for each in done.by_hand if each.fate == "sender"] == ["unknown"]

    sent = place.sent()
    again = {(each.contact_id, each.release) for each in sent if not each.recorded}
    assert again == {(name, 2) for name in AGAIN}
    marked = {(each.contact_id, each.release) for each in sent if each.recorded}
    assert marked == {(name, 1) for name in RECORDED} | {("held-until", 2)}
    whole = [each for each in sent if not each.recorded]
    assert {(each.person_key, each.sealed) for each in whole} == {
        (person_key(name), b"sealed") for name in AGAIN
    }
    # One that was sent again is the same to the byte, so that the router takes one of them.
    assert len({each.SerializeToString() for each in whole}) == len(again)


async def test_orders_in_force_stand_in_the_new_logs_and_the_map_is_the_last_of_them(
    place: Place,
) -> None:
    orders = [map_pb2.MapRecord.FromString(value) for value in place.read(MAPS)]
    kinds = [str(each.WhichOneof("kind")) for each in orders]
    assert kinds[-1] == "seat_map"
    assert set(kinds) == {"stop", "policy", "seat_map"}
    assert {(each.stop.scope, each.stop.id) for each in orders if each.HasField("stop")} == {
        STOPPED
    }
    assert orders[-1].seat_map.version == 8
    withdrawn = map(suppressions_pb2.Withdrawal.FromString, place.read(SUPPRESSIONS))
    assert {each.person_key for each in withdrawn} == {
        person_key("opted-out"),
        person_key("withdrawn"),
    }


async def test_the_record_tells_where_everybody_was_and_begins_the_new_logs_at_their_beginning(
    place: Place,
) -> None:
    query = "SELECT topic, next_offset, offset_base FROM seatline.recorder_position ORDER BY topic"
    facts, rulings = await place.fetch(query)
    assert (facts["next_offset"], rulings["next_offset"]) == (0, 0)
    assert min(facts["offset_base"], rulings["offset_base"]) > 0
    closed = "SELECT contact_id, place FROM seatline.contact_state WHERE reason = 'logs_lost'"
    assert {tuple(row) for row in await place.fetch(closed)} == {
        (name, "returned")
        for name in ("routed", "queued", "offered", "withdrawn", "unknown", "held-until", *HUMAN)
    }
    was = await place.fetch("SELECT contact_id, place FROM seatline.recovered")
    assert {row["contact_id"]: row["place"] for row in was}["on-call"] == "on_call"
    assert await place.fetch("SELECT 1 FROM seatline.live_assignment") == []
    due = await place.fetch("SELECT contact_id FROM seatline.contact WHERE due_at IS NOT NULL")
    assert [row["contact_id"] for row in due] == ["held-until"]


async def test_the_same_command_changes_nothing_more(place: Place) -> None:
    assert await place.state() is State.RECOVERED
    before = len(place.sent())
    done = await place.recover(rules=None, running=("router-0",))
    assert (done.released, done.waiting, done.next_due_at) == (len(AGAIN), 0, None)
    assert len(place.sent()) == before


async def test_what_becomes_due_is_released_by_the_same_command_later(place: Place) -> None:
    await lose_the_logs_once_more(place)
    place = Place(place.stack, FormerLogs)
    await place.recover(calls_over=False)
    waits = "SELECT min(not_before) FROM seatline.recovered WHERE recovery_id = 2"
    ((at,),) = await place.fetch(waits)
    assert at == NOW + timedelta(hours=1, seconds=45)
    assert {each.release for each in place.sent() if not each.recorded} == {2}
    done = await place.recover(rules=None, now=at)
    assert (done.released, done.waiting) == (len(AGAIN), 0)
    assert {each.contact_id for each in done.by_hand if each.fate == "human"} == {
        *HUMAN,
        "unknown",  # nobody has sent it again, and nothing tells why
    }
    again = Counter(each.contact_id for each in place.sent() if each.release == 3)
    assert again == dict.fromkeys(AGAIN, 1)


async def lose_the_logs_once_more(place: Place) -> None:
    """Let the record name other topics than those that are there."""
    connection = await asyncpg.connect(place.dsn)
    try:
        await connection.execute("UPDATE seatline.recorder_position SET topic_id = 'another'")
    finally:
        await connection.close()


async def test_logs_in_which_something_was_decided_since_are_not_taken_over(place: Place) -> None:
    async with place.opened() as (_, logs):
        writer = KafkaLogWriter(place.stack.endpoints["kafka"], "a-test")
        log = facts_log().write()
        for value in log.values:
            writer.send(log.tp, value, lambda _: None)
        assert writer.flush(10) == 0
        in_the_way = logs.in_the_way()
        assert all("contacts were sent" in each for each in in_the_way), in_the_way
        writer.send(log.tp, log.write(queued()).values[-1], lambda _: None)
        assert writer.flush(10) == 0
        assert any("something was decided" in each for each in logs.in_the_way())
