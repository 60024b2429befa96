from contextlib import suppress
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from seatline.facts.v1 import facts_pb2, orders_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from services.recorder.adapters.codec import UndecodableError, decode_facts, decode_rulings
from services.recorder.domain.batch import PLACES
from services.recorder.domain.entries import BANK, Entry, RulingDetail
from tests.support.recorder_entries import (
    confirmed,
    contact,
    ended,
    held,
    queued,
    refused,
    routed,
    seen,
)
from tests.support.recorder_logs import facts_log, rulings_log


def ruling_entry(ruling: rulings_pb2.Ruling) -> Entry:
    return decode_rulings(rulings_log().write(ruling).values[-1])[1][0]


def fact_entry(fact: facts_pb2.Fact) -> Entry:
    return decode_facts(facts_log().write(fact).values[-1])[1][0]


@pytest.mark.parametrize("decode", [decode_rulings, decode_facts])
@given(value=st.binary(max_size=300))
@example(value=b"")
def test_any_bytes_are_a_record_or_undecodable(decode: object, value: bytes) -> None:
    assert callable(decode)
    with suppress(UndecodableError):
        decode(value)


@given(data=st.data())
def test_any_damage_to_a_record_is_a_record_or_undecodable(data: st.DataObject) -> None:
    log = facts_log().write(queued(), confirmed(), ended(not_before_ms=1), seen())
    value = bytearray(log.values[-1])
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UndecodableError):
        decode_facts(bytes(value))


def test_a_ruling_without_an_outcome_is_undecodable() -> None:
    with pytest.raises(UndecodableError, match="outcome"):
        ruling_entry(rulings_pb2.Ruling(contact=contact()))


def test_a_fact_of_an_unknown_kind_is_undecodable() -> None:
    with pytest.raises(UndecodableError, match="kind"):
        fact_entry(facts_pb2.Fact())


def test_an_unknown_reason_is_undecodable() -> None:
    with pytest.raises(UndecodableError, match="END_REASON_: 99"):
        fact_entry(ended(reason=99))  # type: ignore[arg-type]


def test_every_kind_of_fact_can_be_decoded_empty() -> None:
    for field in facts_pb2.Fact.DESCRIPTOR.oneofs_by_name["kind"].fields:
        fact = facts_pb2.Fact()
        getattr(fact, field.name).SetInParent()
        assert fact_entry(fact).kind == field.name


def test_every_kind_that_moves_a_contact_exists() -> None:
    facts = facts_pb2.Fact.DESCRIPTOR.oneofs_by_name["kind"].fields
    outcomes = rulings_pb2.Ruling.DESCRIPTOR.oneofs_by_name["outcome"].fields
    assert PLACES.keys() <= {field.name for field in (*facts, *outcomes)}


def test_the_content_of_a_contact_keeps_its_sealed_text_and_the_payload_does_not() -> None:
    for ruling in (routed(), held()):
        entry = ruling_entry(ruling)
        assert isinstance(entry.detail, RulingDetail)
        assert entry.detail.content.sealed == b"sealed"
        assert b"sealed" not in entry.payload
    for fact in (queued(), confirmed()):
        assert b"sealed" not in fact_entry(fact).payload


def test_a_text_that_postgres_cannot_keep_becomes_one_that_it_can() -> None:
    ids = [
        ruling_entry(refused(contact_id)).contact_id
        for contact_id in ("a\0", "b\0", "x" * 1_000_000, "x" * 1_000_001)
    ]
    assert len(set(ids)) == 4
    assert all(id_ is not None and "\0" not in id_ and len(id_) < 100 for id_ in ids)
    assert ids[0] == ruling_entry(refused("a\0")).contact_id


def test_a_number_beyond_postgres_bigint_becomes_the_largest() -> None:
    assert ruling_entry(refused(release=2**64 - 1)).release_id == 2**63 - 1


def test_a_time_outside_the_calendar_becomes_the_nearest_inside() -> None:
    ruling = held()
    ruling.held.until.seconds = 2**62
    detail = ruling_entry(ruling).detail
    assert isinstance(detail, RulingDetail)
    assert detail.due_at is not None
    assert detail.due_at.year == 9999


def test_facts_name_what_they_are_about() -> None:
    about = fact_entry(confirmed("c-7", 3, 2, "s-9"))
    assert (about.contact_id, about.release_id, about.attempt) == ("c-7", 3, 2)
    assert (about.session_id, about.centre_id, about.seat_id) == ("s-9", "C001", "S24-35")
    refusal = facts_pb2.Fact(command_refused=session_pb2.CommandRefused(session_id="s-9"))
    assert fact_entry(refusal).contact_id is None
    recall = facts_pb2.Fact(withdrawal_applied=orders_pb2.WithdrawalApplied(contact_id="c-7"))
    assert (fact_entry(recall).contact_id, fact_entry(recall).release_id) == ("c-7", None)


def test_what_answers_an_operators_order_says_when_that_was_given_and_the_banks_own_do_not() -> (
    None
):
    given = facts_pb2.Fact(withdrawal_applied={"contact_id": "c-1", "kind": 1})
    assert fact_entry(given).ordered_at is None
    given.withdrawal_applied.signature.by = "Asha"
    given.withdrawal_applied.signature.ordered_at.FromMilliseconds(1_000)
    assert fact_entry(given).ordered_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    given.withdrawal_applied.signature.by = BANK
    assert fact_entry(given).ordered_at is None
    assert fact_entry(seen()).ordered_at is None
