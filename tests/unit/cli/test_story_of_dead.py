"""The story of a contact that could not be decided."""

import pytest

from services.cli.adapters.story_logs import LogStory
from services.cli.domain.dead import COMMANDS, CONTACTS, INTAKE, RULINGS, LetterId
from services.cli.domain.story import Story
from services.cli.handlers.dead import Choice
from services.cli.handlers.explain import ExplainHandler
from services.cli.ports.signature import Signature
from tests.fakes.log_book import InMemoryLogBook
from tests.support.cli_logs import FACTS, arrivals, fence, record
from tests.support.dead_town import DEAD, DeadTown
from tests.support.recorder_entries import NOON_MS, queued, routed
from tests.unit.cli.test_story import InMemoryStory

ASHA = Signature("Asha", "the rule was wrong")


def town_with(*entries: object) -> DeadTown:
    """Give a town in which a contact has arrived and these were decided on it."""
    town = DeadTown()
    town.book.put(CONTACTS, 0, arrivals("a"))
    for topic in (RULINGS, FACTS):
        town.book.put(topic, 0, fence(topic))
    for number, entry in enumerate(entries, start=1):
        topic = RULINGS if number == 1 else FACTS
        town.book.put(topic, 0, record(topic, entry, seq=1))
    return town


async def story(book: InMemoryLogBook) -> Story:
    return await ExplainHandler(LogStory(book, {}), InMemoryStory(), lambda _: None).contact("a")


def letter(town: DeadTown, topic: str) -> LetterId:
    """Set the contact's input aside, after all that was decided on it."""
    written = town.letter(topic, 0, contact_id="a")
    town.book.appended_at_ms[DEAD, 0, written.offset] = NOON_MS + 60_000
    return written


@pytest.mark.parametrize(
    ("topic", "entries"), [(CONTACTS, ()), (RULINGS, (routed("a"),)), (INTAKE, ())]
)
async def test_a_contact_that_was_set_aside_waits_for_a_hand(
    topic: str, entries: tuple[object, ...]
) -> None:
    town = town_with(*entries)
    if topic == INTAKE:
        town.book.values[CONTACTS, 0].clear()
    letter(town, topic)
    told = await story(town.book)
    assert (told.place, told.waits_for) == ("dead", "a hand: see `seatline dead show 0/0`")
    assert "could not be decided or read: undecidable" in told.told[-1].text


async def test_a_command_about_a_contact_that_was_set_aside_moves_no_contact() -> None:
    town = town_with(routed("a"), queued("a"))
    letter(town, COMMANDS)
    told = await story(town.book)
    assert told.place == "queued"
    assert told.told[-1].kind == "set_aside"


async def test_a_repeated_arrival_that_was_set_aside_moves_no_contact() -> None:
    town = town_with(routed("a"), queued("a"))
    letter(town, CONTACTS)
    assert (await story(town.book)).place == "queued"


async def test_what_was_given_up_for_good_waits_for_nothing() -> None:
    town = DeadTown()
    town.operator().dead.drop(Choice([town.arrival("a")]), ASHA, dry_run=False)
    told = await story(town.book)
    assert (told.place, told.waits_for) == ("dropped", "nothing: Asha gave it up")
    assert "given up for good; ordered by Asha: the rule was wrong" in told.told[-1].text


async def test_what_was_sent_again_waits_for_the_router() -> None:
    town = DeadTown()
    written = town.arrival("a")
    await town.operator().dead.requeue(Choice([written]), ASHA, dry_run=False)
    told = await story(town.book)
    assert (told.place, told.waits_for) == ("unread", "the router to read it")
    kinds = [each.kind for each in told.told if "letter" in each.details]
    assert kinds == ["set_aside", "requeue_begun", "letter_requeued"]
