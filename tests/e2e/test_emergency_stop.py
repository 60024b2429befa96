"""An emergency stop by the real command, under load, over the death of the dispatcher."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from seatline.facts.v1 import facts_pb2
from tests.support.eventually import eventually
from tests.support.load import (
    FACTS,
    Load,
    Log,
    Record,
    assert_promises_were_kept,
    command,
    load_on,
    publish,
    read_log,
)
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(280)

SCOPE = ("--campaign", "rehearsal")
SIGNED = ("--by", "Asha", "--why", "a drill")
SEED = 562
"""Its caller misses an early offer, which so is open when the stop comes."""
SECONDS = 20
"""Contacts come still when the dispatcher is back and the stop is ended."""
RESCINDED_WITHIN_MS = 2_000
RESTART_WITHIN_S = 30.0
CALLING = {"offered", "confirmed"}

Said = tuple[int, dict[str, Any]]


@dataclass
class Drill:
    """What the commands said, and the facts when all was over."""

    stack: Stack
    load: Load
    stopped: Said
    listed: Said
    again: Said
    resumed: Said
    facts: Log


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with whole_stack(tmp_path_factory.mktemp("emergency")) as running:
        publish(running)
        yield running


@pytest.fixture(scope="module")
def drill(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """Stop under load, kill the dispatcher, stop again, resume, and let the load end."""
    folder = tmp_path_factory.mktemp("load")
    with load_on(stack, folder, sessions=225, rate=60, seconds=SECONDS, seed=SEED) as load:
        eventually(lambda: offers_open(read_log(stack, FACTS)), what="an offer is open")
        stopped = command(stack, "stop", *SCOPE, *SIGNED)
        listed = command(stack, "stop", "--list")
        reigns = fences(read_log(stack, FACTS))
        stack.kill("dispatcher-0")
        again = fenced_anew(stack, reigns)
        resumed = command(stack, "resume", *SCOPE, *SIGNED)
        assert load.result
    return Drill(stack, load, stopped, listed, again, resumed, read_log(stack, FACTS))


def fenced_anew(stack: Stack, reigns: Mapping[int, int]) -> Said:
    def all_anew() -> bool:
        now = fences(read_log(stack, FACTS))
        return all(now[partition] > count for partition, count in reigns.items())

    eventually(all_anew, RESTART_WITHIN_S, "every partition has a new reign")
    return command(stack, "stop", *SCOPE, *SIGNED)


def fences(facts: Log) -> dict[int, int]:
    return {n: sum(r.header.point.seq == 0 for r in records) for n, records in facts.items()}


def offers_open(facts: Log) -> set[str]:
    """Name the contacts whose offer was not answered so far."""
    found: set[str] = set()
    for records in facts.values():
        for fact in (fact for record in records for fact in record.entries):
            kind = str(fact.WhichOneof("kind"))
            if kind == "offered":
                found.add(fact.offered.attempt.contact_id)
            elif kind in ("confirmed", "offer_expired", "offer_declined", "offer_rescinded"):
                found.discard(getattr(fact, kind).attempt.contact_id)
    return found


def stopped_time(records: list[tuple[Record, Any]]) -> list[tuple[Record, Any]]:
    """Cut out what a partition said between its stop and the end of it."""
    kinds = [fact.WhichOneof("kind") for _, fact in records]
    return records[kinds.index("stop_applied") : kinds.index("stop_lifted")]


def each_stopped_time(facts: Log) -> list[list[tuple[Record, Any]]]:
    said = [[(r, fact) for r in records for fact in r.entries] for records in facts.values()]
    return [stopped_time(records) for records in said]


def test_the_stop_is_in_force_everywhere_and_counts_the_offers_that_it_took_back(
    drill: Drill,
) -> None:
    code, said = drill.stopped
    assert (code, said["ok"], said["changed"], said["applied"]) == (0, True, True, [0, 1])
    assert said["offers"] > 0, "no offer was open when the stop came"
    assert said["offers_rescinded"] == said["offers"]
    assert 0 <= said["rescinded_within_ms"] <= RESCINDED_WITHIN_MS


def test_every_open_offer_is_taken_back_within_2_s_of_the_order(drill: Drill) -> None:
    taken_back = 0
    for said in each_stopped_time(drill.facts):
        ordered_ms = said[0][1].stop_applied.signature.ordered_at.ToMilliseconds()
        for record, fact in said:
            if fact.offer_rescinded.reason == facts_pb2.RESCIND_REASON_STOPPED:
                assert record.appended_at_ms - ordered_ms <= RESCINDED_WITHIN_MS
                taken_back += 1
    assert taken_back == drill.stopped[1]["offers"]


def test_nothing_is_offered_or_confirmed_until_the_resume_though_the_dispatcher_was_killed(
    drill: Drill,
) -> None:
    for said in each_stopped_time(drill.facts):
        reigns = {(r.header.point.epoch, r.header.point.owner) for r, _ in said}
        assert len(reigns) >= 2, "nobody took over while it was stopped"
        assert not [fact for _, fact in said if fact.WhichOneof("kind") in CALLING]


def test_a_stop_given_again_over_a_restart_changes_nothing_and_is_known_to_be_in_force(
    drill: Drill,
) -> None:
    code, said = drill.again
    assert (code, said["changed"], said["applied"]) == (0, False, [0, 1])
    assert said["offers"] is None


def test_the_list_shows_the_stop_with_who_and_why_and_where_it_is_in_force(drill: Drill) -> None:
    code, said = drill.listed
    [stop] = said["stops"]
    assert code == 0
    assert (stop["scope"], stop["id"], stop["by"], stop["why"]) == (
        "campaign",
        "rehearsal",
        "Asha",
        "a drill",
    )
    assert stop["applied"] == [0, 1]
    assert command(drill.stack, "stop", "--list")[1]["stops"] == []


def test_a_resume_starts_offers_again(drill: Drill) -> None:
    code, said = drill.resumed
    assert (code, said["changed"], said["applied"], said["stops"]) == (0, True, [0, 1], [])
    for records in drill.facts.values():
        kinds = [fact.WhichOneof("kind") for record in records for fact in record.entries]
        assert "offered" in kinds[kinds.index("stop_lifted") :]


def test_the_journal_lists_stop_and_resume_once_each(drill: Drill) -> None:
    told = command(drill.stack, "journal")[1]["orders"]
    listed = [(o["action"], o["subject"], o["by"], o["why"], o["result"]) for o in told]
    everywhere = ("campaign rehearsal", "Asha", "a drill", "in 2 of 2 partitions")
    assert [each for each in listed if each[0] in ("stop", "resume")] == [
        ("stop", *everywhere),
        ("resume", *everywhere),
    ]


def test_nothing_was_lost_doubled_or_stuck_over_the_stop(drill: Drill) -> None:
    assert_promises_were_kept(drill.stack, drill.load)
