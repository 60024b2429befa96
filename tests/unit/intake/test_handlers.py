import json
from typing import Any

import pytest

from services.intake.adapters.codec import ForeignReader
from services.intake.domain.ceiling import Ceiling
from services.intake.domain.checking import RECORD_BYTES_MAX, Rules
from services.intake.domain.values import ForeignRecord, UnfitReason
from services.intake.handlers import ForeignRecordsHandler
from services.runtime.errors import PromiseBrokenError
from tests.fakes.intake import InMemoryMeter, InMemoryOutbox, PlainSeals

APPENDED_MS = 1_900_000_000_000


class Desk:
    def __init__(self, ceiling: Ceiling | None = None) -> None:
        self.outbox, self.meter = InMemoryOutbox(), InMemoryMeter()
        self.outbox.appended_at_ms = APPENDED_MS + 40
        self.handle = ForeignRecordsHandler(
            ForeignReader(),
            PlainSeals(),
            self.outbox,
            self.meter,
            Rules("IN", strict_phones=False, valid_ms=1000),
            ceiling or Ceiling(0.5, 1000, 100),
        )


def record(offset: int, value: bytes | None = None, **changes: Any) -> ForeignRecord:
    fields = {"contact_id": f"c{offset}", "seat_id": "S24-35", "phone": "10000 00001"}
    written = json.dumps({**fields, **changes}).encode()
    return ForeignRecord(1, offset, APPENDED_MS, written if value is None else value)


async def test_each_record_becomes_a_contact_or_a_dead_letter_in_order() -> None:
    desk = Desk()
    await desk.handle([record(5), record(6, b"{"), record(7, phone="x"), record(8)])
    assert [each.contact.contact_id for each in desk.outbox.contacts] == ["c5", "c8"]
    reasons = [(each.offset, each.unfit.reason) for each in desk.outbox.letters]
    assert reasons == [(6, UnfitReason.UNREADABLE), (7, UnfitReason.INVALID_PHONE)]
    assert desk.outbox.letters[0].sealed_payload == b"sealed:{"
    assert desk.meter.records == {"contact": 2, "unreadable": 1, "invalid_phone": 1}
    assert desk.meter.ages_ms == [40] * 4


async def test_a_record_too_large_to_send_on_stays_where_it_is() -> None:
    desk = Desk()
    await desk.handle([record(5, b"{" + b" " * RECORD_BYTES_MAX)])
    (letter,) = desk.outbox.letters
    assert letter.unfit.reason is UnfitReason.TOO_LARGE
    assert letter.sealed_payload == b""


async def test_an_empty_record_is_a_dead_letter() -> None:
    desk = Desk()
    await desk.handle([record(5, b"")])
    assert desk.outbox.letters[0].unfit.field == "contact_id"


async def test_too_many_dead_letters_stop_intake_before_the_batch_is_sent() -> None:
    desk = Desk(Ceiling(0.5, 1000, 3))
    with pytest.raises(PromiseBrokenError, match="2 of the last 3 records are dead letters"):
        await desk.handle([record(5), record(6, b"{"), record(7, b"{")])
    assert not desk.outbox.contacts
    assert not desk.outbox.letters


async def test_the_stop_says_what_is_wrong_with_a_batch_of_which_no_letter_is_there() -> None:
    desk = Desk(Ceiling(0.5, 1000, 3))
    bad = [record(5, phone="1"), record(6, priority=99), record(7, priority=99), record(8)]
    with pytest.raises(PromiseBrokenError, match="2 invalid_field priority, 1 invalid_phone phone"):
        await desk.handle(bad)


async def test_a_batch_that_was_not_acknowledged_counts_nothing() -> None:
    desk = Desk()
    desk.outbox.error = PromiseBrokenError("not acknowledged")
    with pytest.raises(PromiseBrokenError):
        await desk.handle([record(5)])
    assert not desk.meter.records
