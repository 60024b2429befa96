"""What every `OutcomeStore` promises of rows, on its fake and on a real server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.log.v1 import log_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.fenced_log.wishes import HandOver, Request
from tests.support.recorder_entries import (
    NOON_MS,
    amended,
    confirmed,
    dialled,
    ended,
    expired,
    held,
    offered,
    queued,
    refused,
    returned,
    routed,
)
from tests.support.recorder_logs import facts_log, rulings_log, when
from tests.support.recorder_world import Row, World, open_world, record


@pytest.fixture(
    params=["fake", "simulated", pytest.param("postgres", marks=pytest.mark.integration)]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    real = request.param == "postgres"
    dsn = request.getfixturevalue("postgres_server").fresh_database() if real else None
    async with open_world(dsn, simulated=request.param == "simulated") as opened:
        yield opened


async def only(world: World, table: str, **want: Any) -> Row:
    (row,) = [
        row
        for row in await world.rows(table)
        if all(row[name] == value for name, value in want.items())
    ]
    return row


async def test_a_routed_contact_enters_the_bank_whole(world: World) -> None:
    await record(world.store(), rulings_log().write(routed()))
    row = await only(world, "contact")
    assert (row["contact_id"], row["release_id"], row["place"]) == ("c-1", 1, "routed")
    assert (row["sealed"], row["seat_id"], row["language"]) == (b"sealed", "S24-35", "hi")
    assert row["due_at"] is None


async def test_who_asked_for_what_and_who_owned_the_log_is_kept(world: World) -> None:
    log = facts_log().write(queued()).ask(Request("Asha", "a test", HandOver("slot-1")))
    await record(world.store(), log.give_up("slot-1").fence())
    kept = sorted(await world.rows("control"), key=lambda row: row["record_offset"])
    assert [(row["record_offset"], row["kind"]) for row in kept] == [
        *((0, "fence"), (2, "request"), (3, "yielding"), (4, "fence"))
    ]
    asked = log_pb2.Header.FromString(kept[1]["payload"]).request
    assert (asked.by, asked.why, asked.hand_over.to_slot) == ("Asha", "a test", "slot-1")


async def test_a_held_contact_is_due_when_its_ruling_says(world: World) -> None:
    later = held(until_ms=NOON_MS + 60_000)
    await record(world.store(), rulings_log().write(later, held("c-2")))
    assert (await only(world, "contact", contact_id="c-1"))["due_at"] == when(NOON_MS + 60_000)
    assert (await only(world, "contact", contact_id="c-2"))["due_at"] is None


async def test_a_returned_contact_is_due_again_with_reason_and_age(world: World) -> None:
    facts = facts_log().write(queued()).write(returned())
    await record(world.store(), rulings_log().write(routed()), facts)
    row = await only(world, "contact")
    assert (row["place"], row["reason"], row["due_at"]) == (
        "returned",
        "max_wait",
        when(facts.now_ms),
    )
    assert row["waited"].total_seconds() == 90


async def test_a_refused_contact_does_not_enter_the_bank_and_leaves_it_undue(world: World) -> None:
    log = rulings_log().write(refused("c-1"), held("c-2", until_ms=NOON_MS), refused("c-2", 2))
    await record(world.store(), log)
    row = await only(world, "contact")
    assert (row["contact_id"], row["place"], row["due_at"]) == ("c-2", "refused", None)
    assert {r["contact_id"] for r in await world.rows("contact_state")} == {"c-1", "c-2"}


async def test_a_refused_arrival_does_not_touch_the_contacts_place(world: World) -> None:
    reasons = (
        rulings_pb2.REFUSED_REASON_DUPLICATE,
        rulings_pb2.REFUSED_REASON_RELEASE_EXPIRED,
    )
    for number, reason in enumerate(reasons):
        contact_id = f"c-{number}"
        log = rulings_log(number).write(routed(contact_id)).write(refused(contact_id, 1, reason))
        await record(world.store(), log)
        state = await only(world, "contact_state", contact_id=contact_id)
        assert state["place"] == "routed"
        assert (await only(world, "contact", contact_id=contact_id))["place"] == "routed"


async def test_an_expired_arrival_that_is_all_there_is_of_a_release_has_a_place(
    world: World,
) -> None:
    expired_release = refused("c-1", 1, rulings_pb2.REFUSED_REASON_RELEASE_EXPIRED)
    await record(world.store(), rulings_log().write(expired_release))
    state = await only(world, "contact_state")
    assert (state["place"], state["reason"]) == ("refused", "release_expired")


async def test_a_ruling_that_is_read_after_its_facts_takes_nothing_back(world: World) -> None:
    await record(world.store(), facts_log().write(queued()).write(returned()))
    await record(world.store(), rulings_log().write(routed()))
    assert (await only(world, "contact_state"))["place"] == "returned"
    row = await only(world, "contact")
    assert (row["place"], row["sealed"]) == ("returned", b"sealed")


async def test_an_older_release_that_is_read_late_takes_nothing_back(world: World) -> None:
    await record(world.store(), rulings_log().write(routed("c-1", 2)))
    late = ended(not_before_ms=NOON_MS + 5_000)
    await record(world.store(), facts_log().write(confirmed()).write(late))
    row = await only(world, "contact")
    assert (row["release_id"], row["place"]) == (2, "routed")
    assert row["not_before"] == when(NOON_MS + 5_000)


async def test_each_fact_moves_the_contact_and_keeps_what_is_known(world: World) -> None:
    store = world.store()
    log = facts_log()
    steps = (
        (queued(), "queued", None),
        (offered(), "offered", "s-1"),
        (expired(), "queued", "s-1"),
        (offered(), "offered", "s-1"),
        (confirmed(), "confirmed", "s-1"),
        (dialled(), "on_call", "s-1"),
        (ended(), "ended", "s-1"),
    )
    for fact, place, session in steps:
        log.write(fact)
        await record(store, log)
        row = await only(world, "contact_state")
        assert (row["place"], row["session_id"], row["centre_id"]) == (place, session, "C001")
        assert (row["map_version"], row["policy_version"]) == (7, 3)


async def test_an_end_leaves_exactly_one_outcome(world: World) -> None:
    facts = facts_log().write(queued(), offered(), confirmed()).write(ended())
    await record(world.store(), facts)
    row = await only(world, "outcome")
    assert (row["contact_id"], row["release_id"], row["attempt"]) == ("c-1", 1, 1)
    assert (row["seat_id"], row["centre_id"], row["session_id"]) == ("S24-35", "C001", "s-1")
    assert (row["disposition"], row["ended_at"]) == ("reached", when(facts.now_ms))
    assert (row["partition"], row["record_offset"], row["entry"]) == (0, 2, 0)
    assert row["talk"].total_seconds() == 1.5


async def test_an_end_without_a_disposition_says_why_it_ended(world: World) -> None:
    never = ended(
        reason=facts_pb2.END_REASON_NEVER_DIALLED,
        disposition=commands_pb2.DISPOSITION_UNSPECIFIED,
    )
    facts = facts_log().write(confirmed()).write(never)
    await record(world.store(), rulings_log().write(routed()), facts)
    assert (await only(world, "outcome"))["disposition"] == "never_dialled"
    # It spent nothing: the contact is due again.
    assert (await only(world, "contact"))["due_at"] == when(facts.now_ms)


async def test_a_later_word_amends_the_outcome_and_keeps_the_former(world: World) -> None:
    log = facts_log().write(confirmed()).write(ended())
    log.write(amended(commands_pb2.DISPOSITION_REACHED))
    log.write(amended(commands_pb2.DISPOSITION_BUSY), amended(commands_pb2.DISPOSITION_OPT_OUT))
    await record(world.store(), log, limit=lambda: 1)
    assert (await only(world, "outcome"))["disposition"] == "opt_out"
    history = sorted(
        await world.rows("outcome_amendment"), key=lambda row: (row["record_offset"], row["entry"])
    )
    assert [(row["replaced"], row["disposition"]) for row in history] == [
        ("reached", "reached"),
        ("reached", "busy"),
        ("busy", "opt_out"),
    ]
    assert [row["verdict"] for row in history] == ["repeated", "amended", "amended"]


async def test_a_word_that_fits_no_attempt_is_kept_and_changes_nothing(world: World) -> None:
    log = facts_log().write(confirmed()).write(ended())
    log.write(amended(commands_pb2.DISPOSITION_OPT_OUT, session="s-9"))
    await record(world.store(), log)
    assert (await only(world, "outcome"))["disposition"] == "reached"
    row = await only(world, "outcome_amendment")
    assert (row["verdict"], row["disposition"], row["replaced"]) == ("unmatched", "opt_out", None)


async def test_a_second_end_is_a_conflict_and_recording_goes_on(world: World) -> None:
    log = facts_log().write(confirmed()).write(ended()).write(ended(number=2)).write(queued("c-2"))
    done = await record(world.store(), log)
    assert [each.kind for batch in done for each in batch.conflicts] == ["second_end"]
    row = await only(world, "conflict")
    assert (row["attempt"], row["other_attempt"], row["record_offset"]) == (2, 1, 3)
    assert (await only(world, "outcome"))["attempt"] == 1
    assert len(await world.rows("contact_state")) == 2


async def test_a_confirmed_contact_is_live_until_its_end(world: World) -> None:
    store = world.store()
    log = facts_log().write(confirmed())
    await record(store, log)
    row = await only(world, "live_assignment")
    assert (row["contact_id"], row["session_id"], row["centre_id"]) == ("c-1", "s-1", "C001")
    await record(store, log.write(ended()))
    assert await world.rows("live_assignment") == []


async def test_a_second_assignment_is_a_conflict_and_recording_goes_on(world: World) -> None:
    store = world.store()
    first = facts_log(0).write(confirmed())
    second = (
        facts_log(1)
        .write(confirmed(release=2, session="s-2"), after_ms=200)
        .write(ended(release=2, session="s-2"))
    )
    await record(store, first)
    done = await record(store, second)
    assert [each.kind for batch in done for each in batch.conflicts] == ["second_assignment"]
    row = await only(world, "conflict")
    assert (row["release_id"], row["session_id"]) == (2, "s-2")
    assert (row["other_release_id"], row["other_session_id"]) == (1, "s-1")
    assert (await only(world, "live_assignment"))["session_id"] == "s-1"


async def test_a_call_elsewhere_after_an_end_in_the_same_batch_is_no_conflict(world: World) -> None:
    there = facts_log(0).write(confirmed(release=2, session="s-2"), after_ms=5_000)
    here = facts_log(1).write(confirmed()).write(ended())
    assert (await record(world.store(), there, here))[0].conflicts == []
    assert (await only(world, "live_assignment"))["release_id"] == 2
