"""Cold starts of a whole stack: Postgres is lost and Kafka whole, then the other way round."""

import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from seatline.map.v1 import map_pb2
from services.stack import commands
from services.stack.layout import Layout
from services.stack.plan import KAFKA, POSTGRES
from tests.support.cold import (
    IN_FORCE,
    TABLES,
    Attempt,
    Rows,
    kill_while_it_recovers,
    numbers_in,
    partitions_of,
    placed,
    recorded,
    recover,
    rows_of,
    send_again,
    up,
)
from tests.support.eventually import eventually
from tests.support.load import CONTACTS, PLACES, command, fetch, load_on, publish, read_all
from tests.support.orders import SUPPRESSIONS, Scope, give, withdrawal
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(400)

SIZES = {"sessions": 225, "rate": 60}

figures = logging.getLogger("figures")


@dataclass
class Story:
    """What was seen before the loss, and what came of it."""

    stack: Stack
    before: Rows = field(default_factory=dict)
    rebuilt: Rows = field(default_factory=dict)
    in_call: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    sent: list[bytes] = field(default_factory=list)
    withdrawn: str = ""
    seat: str = ""
    of_seat: set[str] = field(default_factory=set)
    planned: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    journals: list[Path] = field(default_factory=list)
    audited: tuple[int, dict[str, Any]] = (2, {})

    @cached_property
    def shown(self) -> list[set[Attempt]]:
        """Attempts whose number was seen, in each run."""
        return [numbers_in(journal) for journal in self.journals]

    @cached_property
    def called_again(self) -> set[str]:
        """Contacts of the first run whose number was seen in the second."""
        first = self.in_call | self.waiting | self.ended | self.of_seat
        return first & {contact for contact, _, _ in self.shown[1]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("cold")
    told = Story(Stack(Layout.of(folder / "state")))
    try:
        until_the_loss(told, folder)
        lose_postgres(told)
        lose_kafka(told)
        go_on(told, folder)
        yield told
    finally:
        commands.down(told.stack.layout)


def until_the_loss(told: Story, folder: Path) -> None:
    """Work until some are on calls and some wait, withdraw one, stop a seat, and break off."""
    stack = told.stack
    up(stack)
    publish(stack)
    with load_on(stack, folder, seconds=60, seed=11, **SIZES) as load:
        eventually(
            lambda: len(placed(stack, "on_call")) > 20 and len(placed(stack, "queued")) > 20,
            within_s=60,
            what="some are on calls and some wait",
        )
        told.withdrawn = max(placed(stack, "queued"))
        person = "SELECT person_key FROM seatline.contact WHERE contact_id = $1"
        bank = fetch(stack, person, told.withdrawn)
        told.seat = _busiest(stack)
        order = withdrawal(person_key=bank[0]["person_key"])
        give(stack, [(SUPPRESSIONS, order.person_key, order)])
        give(stack, [Scope(map_pb2.STOP_SCOPE_SEAT, told.seat).record("stop")])
        applied = "SELECT count(DISTINCT partition) FROM seatline.decision WHERE kind = $1"
        for kind in ("withdrawal_applied", "stop_applied"):
            eventually(lambda kind=kind: fetch(stack, applied, kind)[0][0] == partitions_of(stack))
        load.process.kill()
    told.journals.append(load.journal.rename(folder / "first.ndjson"))
    commands.down(stack.layout)


def _busiest(stack: Stack) -> str:
    query = "SELECT seat_id FROM seatline.contact GROUP BY seat_id ORDER BY count(*) DESC LIMIT 1"
    return str(fetch(stack, query)[0]["seat_id"])


def lose_postgres(told: Story) -> None:
    """Record everything, lose the database, and let the recorder begin with an empty one."""
    stack = told.stack
    up(stack, KAFKA, POSTGRES, "recorder")
    eventually(lambda: recorded(stack), within_s=60, what="all is recorded")
    told.before = rows_of(stack)
    told.in_call = placed(stack, "confirmed", "on_call", "wrap_up")
    told.waiting = placed(stack, "routed", "queued", "offered", "returned") - {told.withdrawn}
    # Who was never dialled may be called again at once: that end is over for its release alone.
    query = (
        "SELECT contact_id FROM seatline.contact_state "
        "WHERE place = 'ended' AND reason IS DISTINCT FROM 'never_dialled'"
    )
    told.ended = {row["contact_id"] for row in fetch(stack, query)}
    told.of_seat = {
        row["contact_id"]
        for row in fetch(
            stack, "SELECT contact_id FROM seatline.contact WHERE seat_id = $1", told.seat
        )
    }
    commands.down(stack.layout)
    shutil.rmtree(stack.layout.postgres)
    up(stack, KAFKA, POSTGRES, "recorder")
    began = time.monotonic()
    eventually(lambda: recorded(stack), within_s=60, what="all is recorded anew")
    told.rebuilt = rows_of(stack)
    figures.info(
        "%d contacts rebuilt within %.1f s of the stack's being up",
        len(told.rebuilt["contact"]),
        time.monotonic() - began,
    )
    told.sent = [message.value() or b"" for message in read_all(stack, CONTACTS)]
    commands.down(stack.layout)


def lose_kafka(told: Story) -> None:
    """Lose the broker's folder, look, begin to recover, be killed, and complete it."""
    stack = told.stack
    shutil.rmtree(stack.layout.broker("kafka-0"))
    up(stack, KAFKA, POSTGRES)
    code, told.planned = recover(stack, "--dry-run", *IN_FORCE)
    assert code == 0, told.planned
    kill_while_it_recovers(stack, "stops")
    began = time.monotonic()
    code, told.done = recover(stack, "--yes", "--calls-over", *IN_FORCE)
    assert code == 0, told.done
    figures.info("recovered in %.1f s", time.monotonic() - began)


def go_on(told: Story, folder: Path) -> None:
    """Send all of it again, and let callers work on what there is and on what is new."""
    stack = told.stack
    assert stack.status().ready
    assert send_again(stack, told.sent) > len(told.waiting)
    more = folder / "more"
    more.mkdir()
    with load_on(stack, more, seconds=20, seed=12, **SIZES) as load:
        assert load.result
    told.journals.append(load.journal)
    told.audited = command(stack, "audit", "--deep")


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_database_is_rebuilt_from_the_logs_row_by_row(story: Story, table: str) -> None:
    assert story.before[table] == story.rebuilt[table]
    assert story.before[table] or table in ("outcome_amendment", "withdrawal")


def test_the_plan_says_who_is_called_again_and_who_never(story: Story) -> None:
    plan = story.planned
    assert plan["state"] == "lost"
    assert {each["contact_id"] for each in plan["humans"]} == story.in_call
    assert sum(plan["fates"]["release"].values()) >= len(story.waiting - story.of_seat)
    assert plan["fates"]["never"]["over"] >= len(story.ended)
    assert plan["orders"]["withdrawals"] >= 1
    assert [3, story.seat] in plan["orders"]["stops"]
    assert plan["orders"]["differs"] == []
    assert plan["send_again_since"] < plan["recorded"][0]["until"] < plan["quiet_until"]


def test_nobody_who_was_in_a_call_is_called_again_without_a_human(story: Story) -> None:
    assert story.in_call
    assert not story.in_call & story.called_again
    assert {each["contact_id"] for each in story.done["humans"]} == story.in_call


def test_whoever_was_over_is_not_called_again_though_all_was_sent_again(story: Story) -> None:
    assert story.ended
    assert not story.ended & story.called_again


def test_whoever_waited_is_called_again_once(story: Story) -> None:
    again = [attempt for attempt in story.shown[1] if attempt[0] in story.waiting]
    assert again, "nobody was called again"
    assert len({contact for contact, _, _ in again}) == len(again)
    assert {release for _, release, _ in again} == {2}


def test_the_withdrawn_and_the_stopped_are_not_called(story: Story) -> None:
    called = {contact for contact, _, _ in story.shown[1]}
    assert story.withdrawn not in called
    assert not story.of_seat & called


def test_the_audit_holds_over_the_loss(story: Story) -> None:
    code, report = story.audited
    findings = {name: report[name] for name in ("strays", "doubles", "misrecorded", "places")}
    findings |= {"deep": report["deep"]["found"]}
    assert report["contacts"] == sum(report[place] for place in PLACES), findings
    assert (report["lost"], report["doubled"], code) == (0, 0, 0), findings


def test_a_contact_tells_its_story_from_before_the_loss_and_after_it(story: Story) -> None:
    contact = next(c for c, release, _ in sorted(story.shown[1]) if release == 2)
    code, told = command(story.stack, "explain", contact)
    assert code == 0
    texts = [each["text"] for each in told["story"]]
    lost = next(n for n, text in enumerate(texts) if text.startswith("all logs were lost"))
    assert any(each["kind"] == "routed" for each in told["story"][:lost]), texts
    assert any(each["kind"] == "confirmed" for each in told["story"][lost:]), texts


def test_the_same_command_says_that_it_is_done(story: Story) -> None:
    code, again = recover(story.stack)
    assert (code, again["state"], again["waiting"]) == (0, "recovered", 0)
    assert again["released"] == story.done["released"]
