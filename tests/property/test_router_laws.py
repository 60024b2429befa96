from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from seatline.contacts.v1 import contacts_pb2
from seatline.log.v1 import log_pb2
from services.router.adapters import codec, orders
from services.router.domain.contact import (
    CampaignId,
    Contact,
    ContactId,
    ForeignSource,
    PersonKey,
    SeatId,
    SegmentId,
)
from services.router.domain.dedupe import Seen, key_of
from services.router.domain.policy import hours_of_day
from services.router.domain.ruling import Held, Refused, RefusedReason, Routed
from services.runtime.errors import PoisonError
from tests.unit.router.values import DAY_MS, ELEVEN_MS, WINDOW_MS, contact, ruled, rules, view

times = (
    st.none()
    | st.integers(-(2**40), 2**45)
    | st.integers(-DAY_MS, 2 * DAY_MS).map(ELEVEN_MS.__add__)
)
texts = st.text(max_size=80)
contacts = st.builds(
    Contact,
    contact_id=texts.map(ContactId) | st.sampled_from(["a", "b"]).map(ContactId),
    release=st.integers(0, 2**64 - 1) | st.integers(1, 2),
    valid_until_ms=times,
    person_key=st.binary(max_size=40).map(PersonKey) | st.just(PersonKey(b"p" * 16)),
    seat_id=texts.map(SeatId) | st.sampled_from(["S24-35", "S24-36"]).map(SeatId),
    segment_id=st.sampled_from(["", "", "S24-AC171", "x"]).map(SegmentId),
    language=st.sampled_from(["", "hi", "x" * 9]),
    priority=st.integers(0, 9) | st.integers(0, 2**32 - 1),
    campaign=texts.map(CampaignId),
    due_at_ms=times,
    sealed=st.binary(min_size=1, max_size=50) | st.binary(max_size=5000),
    source=st.none()
    | st.builds(ForeignSource, st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)),
)
sound_contacts = st.builds(
    contact,
    contact_id=st.sampled_from(["a", "b"]).map(ContactId),
    release=st.integers(1, 2),
    seat_id=st.sampled_from(["S24-35", "S24-36"]).map(SeatId),
)
"""Contacts that are routed or held while they are valid: few of `contacts` are."""
moments = st.integers(0, 3 * DAY_MS).map(ELEVEN_MS.__add__)
silent = view(policy=rules(("S24-35", ELEVEN_MS + 3_600_000, ELEVEN_MS + 2 * DAY_MS)))


@given(st.lists(contacts, max_size=5), moments)
def test_every_contact_gets_exactly_one_ruling_that_survives_the_wire(
    entries: list[Contact], at_ms: int
) -> None:
    rulings = ruled(Seen(WINDOW_MS), entries, at_ms, silent)
    assert len(rulings) == len(entries)
    value = codec.encode_rulings(log_pb2.Header(), rulings)
    assert codec.decode_rulings(value) == rulings
    assert len(value) <= 500 + 6000 * len(entries)


@given(contacts, moments)
def test_who_is_routed_may_be_called_now_and_until_then(entry: Contact, at_ms: int) -> None:
    (ruling,) = ruled(Seen(WINDOW_MS), [entry], at_ms, silent)
    match ruling.outcome:
        case Routed(allow_until_ms=until_ms):
            hours = hours_of_day(silent.policy, at_ms)
            assert hours.begins_ms <= at_ms <= until_ms <= hours.ends_ms
            assert entry.valid_until_ms is not None
            assert until_ms <= entry.valid_until_ms
            for span in silent.policy.silences.get(ruling.seat_id, ()):
                assert until_ms <= span.begins_ms or span.ends_ms <= at_ms
            assert ruling.contact == entry
        case Held(until_ms=until_or_event):
            assert until_or_event is None or until_or_event > at_ms
            assert ruling.contact == entry
        case Refused():
            assert ruling.contact.sealed == b""


@given(st.lists(sound_contacts | contacts, max_size=6), moments)
def test_no_release_is_ruled_twice(entries: list[Contact], at_ms: int) -> None:
    seen = Seen(WINDOW_MS)
    first = ruled(seen, entries, at_ms, silent)
    placed = [key_of(r.contact) for r in first if isinstance(r.outcome, Routed | Held)]
    assert len(placed) == len(set(placed))
    for again in ruled(seen, entries, at_ms + 1000, silent):
        if key_of(again.contact) in placed:
            assert again.outcome == Refused(RefusedReason.DUPLICATE)


@given(st.binary(max_size=200))
def test_random_bytes_are_values_or_poison(value: bytes) -> None:
    for decode in (
        codec.decode_contacts,
        codec.decode_rulings,
        orders.decode_order,
        orders.decode_withdrawal,
    ):
        with suppress(PoisonError):
            decode(value)


@given(st.data())
def test_a_damaged_record_is_values_or_poison_and_its_values_get_rulings(
    data: st.DataObject,
) -> None:
    record = contacts_pb2.ContactRecord()
    message = record.contacts.add(contact_id="a", release=1, sealed=b"s", seat_id="S24-35")
    message.valid_until.FromMilliseconds(ELEVEN_MS)
    message.due_at.FromMilliseconds(ELEVEN_MS)
    value = bytearray(record.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        entries = codec.decode_contacts(bytes(value))
    except PoisonError:
        return
    rulings = ruled(Seen(WINDOW_MS), entries, ELEVEN_MS, silent)
    assert codec.decode_rulings(codec.encode_rulings(log_pb2.Header(), rulings)) == rulings
