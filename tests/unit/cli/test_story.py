from collections.abc import Sequence

import pytest

from seatline.facts.v1 import facts_pb2, session_pb2
from services.cli.adapters.story_codec import told_fact
from services.cli.adapters.story_logs import LogStory
from services.cli.adapters.story_report import as_json, as_text
from services.cli.domain.story import Story, Told
from services.cli.handlers.explain import ExplainHandler
from tests.fakes.log_book import InMemoryLogBook
from tests.support.cli_logs import CONTACTS, FACTS, RULINGS, arrivals, fence, record
from tests.support.recorder_entries import (
    NOON_MS,
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


class InMemoryStory:
    def __init__(self, told: Sequence[Told] = ()) -> None:
        self.told = list(told)

    async def of_contact(self, contact_id: str) -> list[Told]:
        return self.told

    async def of_session(self, session_id: str) -> list[Told]:
        return self.told


def life(*entries: object) -> InMemoryLogBook:
    book = InMemoryLogBook(partitions=1)
    book.put(CONTACTS, 0, arrivals("other", "a"))
    book.put(RULINGS, 0, fence(RULINGS))
    book.put(FACTS, 0, fence(FACTS))
    for entry in entries:
        topic = FACTS if isinstance(entry, facts_pb2.Fact) else RULINGS
        number = len(book.values[topic, 0])
        book.put(topic, 0, record(topic, entry, seq=number))
    return book


async def story_of(
    book: InMemoryLogBook, contact_id: str = "a", told: Sequence[Told] = ()
) -> Story:
    return await ExplainHandler(LogStory(book, {}), InMemoryStory(told), lambda _: None).contact(
        contact_id
    )


async def test_the_story_of_a_call_is_told_in_order() -> None:
    offer = offered("a")
    offer.offered.ready_callers, offer.offered.waiting_contacts = 4, 9
    book = life(
        routed("a"), queued("a"), expired("b"), offer, confirmed("a"), dialled("a"), ended("a")
    )
    story = await story_of(book)
    assert [told.kind for told in story.told] == [
        "arrived",
        "routed",
        "queued",
        "offered",
        "confirmed",
        "dial_started",
        "ended",
    ]
    assert story.place == "ended"
    texts = [told.text for told in story.told]
    assert texts[1] == "seat S24-35 routed to C001, its home centre (map 7, policy 3)"
    assert "one of 4 ready callers, with 9 contacts waiting" in texts[3]
    assert texts[-1] == "ended: outcome reached"


@pytest.mark.parametrize(
    ("entries", "place", "waits_for"),
    [
        ([], "unread", "the router to read it"),
        ([held("a", until_ms=NOON_MS)], "held", "the end of its hold (calling_hours)"),
        ([held("a")], "held", "an event (calling_hours)"),
        ([refused("a")], "refused", "this release was refused (opted_out)"),
        ([routed("a")], "routed", "the dispatcher of partition 0"),
        ([routed("a"), queued("a")], "queued", "a ready caller of centre C001 who serves in hi"),
        ([queued("a"), offered("a")], "offered", "the answer of session s-1"),
        ([queued("a"), offered("a"), expired("a")], "queued", "a ready caller of centre C001"),
        (
            [queued("a"), confirmed("a")],
            "confirmed",
            "the gateway to show the number to session s-1",
        ),
        (
            [queued("a"), confirmed("a"), dialled("a")],
            "on_call",
            "the end of the call of session s-1",
        ),
        ([queued("a"), returned("a")], "returned", "the feeder to release it again (max_wait)"),
        ([queued("a"), ended("a")], "ended", "nothing: it has ended"),
        ([queued("a"), ended("a", not_before_ms=NOON_MS)], "ended", "no new release before"),
    ],
)
async def test_each_place_says_what_it_waits_for(
    entries: list[object], place: str, waits_for: str
) -> None:
    story = await story_of(life(*entries))
    assert story.place == place
    assert waits_for in story.waits_for


async def test_a_refused_repeat_does_not_move_the_contact() -> None:
    from seatline.rulings.v1 import rulings_pb2

    repeat = refused("a", 1, rulings_pb2.REFUSED_REASON_DUPLICATE)
    assert (await story_of(life(routed("a"), queued("a"), repeat))).place == "queued"


async def test_the_newest_release_says_where_the_contact_is() -> None:
    story = await story_of(life(queued("a"), returned("a"), routed("a", 2), queued("a", 2)))
    assert story.place == "queued"


async def test_what_is_recorded_and_still_in_the_log_is_told_once() -> None:
    recorded = told_fact(queued("a"), NOON_MS, "facts/0@1[0]")
    story = await story_of(life(queued("a")), told=[recorded])
    assert [told.recorded for told in story.told if told.kind == "queued"] == [True]


async def test_a_contact_that_nobody_saw_has_no_story() -> None:
    story = await story_of(life(), contact_id="nobody")
    assert story.place == "unknown"
    assert not story.told


async def test_limits_are_shown_as_local_times() -> None:
    entry = confirmed("a")
    entry.confirmed.dial_by.FromMilliseconds(NOON_MS + 15_123)
    report = as_json("contact", "a", await story_of(life(queued("a"), entry)))
    assert report["limits"]["dial_by_at"].split()[1].endswith(".123")
    assert report["story"][-1]["details"]["session_id"] == "s-1"
    assert as_text(report)


async def test_nothing_that_identifies_a_person_is_told() -> None:
    book = life(routed("a"), queued("a"), offered("a"), confirmed("a"), ended("a"))
    told = str(as_json("contact", "a", await story_of(book)))
    assert "sealed" not in told
    assert "person" not in told


def signed_in() -> facts_pb2.Fact:
    return facts_pb2.Fact(
        signed_in=session_pb2.SignedIn(
            session_id="s-1",
            centre_id="C001",
            languages=["hi"],
            generation=1,
            nonce=b"n" * 8,
            activity=session_pb2.ACTIVITY_AVAILABLE,
        )
    )


@pytest.mark.parametrize(
    ("entries", "activity", "waits_for"),
    [
        ([signed_in()], "available", "a contact of its centre"),
        ([signed_in(), offered("a")], "offered", "its own answer"),
        ([signed_in(), offered("a"), expired("a")], "available", "a contact of its centre"),
        ([signed_in(), offered("a"), confirmed("a")], "on_call", "the end of its call"),
        ([], "unknown", "never seen"),
    ],
)
async def test_a_session_is_explained_likewise(
    entries: list[object], activity: str, waits_for: str
) -> None:
    logs = LogStory(life(*entries), {})
    story = await ExplainHandler(logs, InMemoryStory(), lambda _: None).session("s-1")
    assert story.place == activity
    assert waits_for in story.waits_for


def test_every_kind_of_fact_can_be_told() -> None:
    for name in facts_pb2.Fact.DESCRIPTOR.fields_by_name:
        fact = facts_pb2.Fact()
        getattr(fact, name).SetInParent()
        assert told_fact(fact, NOON_MS, "facts/0@0[0]").text


async def test_a_cause_is_told_before_its_effect_though_its_clock_is_ahead() -> None:
    book = life(routed("a"), queued("a"))
    arrived_at_ms = 1_770_000_000_000
    early = told_fact(queued("a"), arrived_at_ms - 50, "facts/0@1[0]")
    book.put(CONTACTS, 0, arrivals("a"))
    story = await story_of(book, told=[early])
    assert [told.kind for told in story.told] == ["arrived", "routed", "queued", "arrived"]
