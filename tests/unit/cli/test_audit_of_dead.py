"""The equation of the audit before, between and after what hands do with dead letters."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.cli.adapters.audit_logs import KafkaAuditLogs
from services.cli.adapters.audit_report import as_json
from services.cli.domain.dead import CONTACTS, INTAKE, RULINGS, LetterId
from services.cli.domain.places import At, Place, Read, Recorded
from services.cli.domain.requeue import Standing
from services.cli.handlers.audit import AuditHandler
from services.cli.handlers.dead import Choice
from services.cli.ports.signature import Signature
from tests.fakes.log_book import STAMPED_MS, WriterDiedError
from tests.fakes.record import InMemoryRecord
from tests.support.cli_logs import FACTS, arrivals, fence, record, set_aside
from tests.support.dead_town import DEAD, DeadTown
from tests.support.recorder_entries import queued, routed

ASHA = Signature("Asha", "why")
SUMMED = ("finished", "refused", "held", "returned", "open", "lost")


async def audited(town: DeadTown, *rows: Recorded) -> dict[str, Any]:
    positions = {
        (topic, 0): Read(len(town.values(topic)), 0)
        for topic in (RULINGS, FACTS)
        if town.values(topic)
    }
    logs = KafkaAuditLogs(town.book, "seatline-intake")
    handler = AuditHandler(logs, InMemoryRecord(positions, list(rows)), lambda _: None)
    report = as_json(await handler())
    assert report["contacts"] == sum(report[name] for name in SUMMED)
    assert report["ok"], report
    return report


async def places(town: DeadTown, *rows: Recorded) -> dict[str, int]:
    found: dict[str, int] = (await audited(town, *rows))["places"]
    return found


async def requeue(town: DeadTown, letter: LetterId, dies_before: int | None = None) -> None:
    operator = town.operator()
    operator.appends.dies_before = dies_before
    await operator.dead.requeue(Choice([letter]), ASHA, dry_run=False)


def drop(town: DeadTown, letter: LetterId) -> None:
    town.operator().dead.drop(Choice([letter]), ASHA, dry_run=False)


def row(contact_id: str, release: int, place: Place, ruling: int) -> Recorded:
    return Recorded(contact_id, release, place, At(0, ruling, 0), 0)


def ruled(town: DeadTown, *entries: object, reads: int, failures: Sequence[int] = ()) -> None:
    """Write that the router has read so many records, and gave some of them up."""
    first = not town.values(RULINGS)
    if first:
        town.book.put(RULINGS, 0, fence(RULINGS))
    said = record(
        RULINGS,
        *entries,
        seq=len(town.values(RULINGS)),
        reads=((CONTACTS, 0, reads),),
        failures=[set_aside(CONTACTS, 0, offset) for offset in failures],
    )
    town.book.put(RULINGS, 0, said)


async def test_a_dropped_foreign_record_counts_as_refused() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    town.book.done[0] = 1
    assert (await audited(town))["held"] == 1
    drop(town, letter)
    report = await audited(town)
    assert (report["places"], report["refused"]) == ({"dropped": 1}, 1)


async def test_a_requeued_foreign_record_counts_where_its_copy_is() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    town.book.done[0] = 1
    with pytest.raises(WriterDiedError):
        await requeue(town, letter, dies_before=2)
    assert await places(town) == {"dead": 1}
    town.clock.advance(60_000)
    await requeue(town, letter)
    assert await places(town) == {"unread": 1}
    town.book.put(CONTACTS, 0, arrivals("a", source=(0, 1)))
    town.book.done[0] = 2
    assert await places(town) == {"unread": 1}
    ruled(town, routed("a"), reads=1)
    assert await places(town, row("a", 1, Place.ENDED, 1)) == {"ended": 1}


async def test_a_copy_that_dies_again_is_the_one_that_counts() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    await requeue(town, letter)
    town.book.done[0] = 2
    town.letter(INTAKE, 1)
    assert await places(town) == {"dead": 1}


async def test_a_copy_beyond_the_ends_of_the_audit_leaves_its_letter_waiting() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    town.book.done[0] = 1
    await requeue(town, letter)
    # As if intake's end had been asked for before the copy was sent.
    town.book.values[INTAKE, 0].pop()
    assert await places(town) == {"dead": 1}


async def test_a_requeued_arrival_counts_where_it_is_now() -> None:
    town = DeadTown()
    letter = town.arrival("a")
    ruled(town, reads=1, failures=[0])
    assert await places(town) == {"dead": 1}
    await requeue(town, letter)
    assert await places(town) == {"unread": 1}
    ruled(town, routed("a"), reads=2)
    assert await places(town, row("a", 1, Place.ENDED, 2)) == {"ended": 1}


async def test_a_dropped_arrival_counts_as_refused() -> None:
    town = DeadTown()
    letter = town.arrival("a")
    ruled(town, reads=1, failures=[0])
    drop(town, letter)
    assert await places(town) == {"dropped": 1}


async def test_a_dropped_arrival_that_was_ruled_on_all_the_same_counts_where_it_is() -> None:
    town = DeadTown()
    letter = town.arrival("a")
    ruled(town, routed("a"), reads=1)
    drop(town, letter)
    assert await places(town, row("a", 1, Place.ENDED, 1)) == {"ended": 1}


def given_up(town: DeadTown) -> LetterId:
    """Give the letter of a ruling that its dispatcher gave up."""
    town.book.put(CONTACTS, 0, arrivals("a"))
    ruled(town, routed("a"), reads=1)
    letter = town.letter(RULINGS, 1)
    town.book.put(FACTS, 0, fence(FACTS))
    failures = [set_aside(RULINGS, 0, 1)]
    town.book.put(FACTS, 0, record(FACTS, seq=1, reads=((RULINGS, 0, 2),), failures=failures))
    town.standings.known["a"] = Standing("routed", 1, STAMPED_MS)
    return letter


async def test_a_requeued_ruling_counts_as_its_next_release_alone() -> None:
    town = DeadTown()
    letter = given_up(town)
    first = row("a", 1, Place.ROUTED, 1)
    assert await places(town, first) == {"dead": 1}
    await requeue(town, letter)
    assert await places(town, first) == {"unread": 1}
    again = routed("a", 2)
    ruled(town, again, reads=2)
    town.book.put(FACTS, 0, record(FACTS, queued("a", 2), seq=2, reads=((RULINGS, 0, 3),)))
    assert await places(town, first, row("a", 2, Place.QUEUED, 2)) == {"queued": 1}


async def test_a_dropped_ruling_counts_as_refused() -> None:
    town = DeadTown()
    letter = given_up(town)
    drop(town, letter)
    assert await places(town, row("a", 1, Place.ROUTED, 1)) == {"dropped": 1}
    assert len(town.values(DEAD)) == 2
