from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.adapters.seen_codec import SeenCodec
from services.router.domain.contact import Contact, ContactId
from services.router.domain.dedupe import Seen, key_of
from services.router.domain.ruling import Ruling
from services.router.handlers import Orders, RulingHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import CHUNK_BYTES, Moment
from tests.property.test_router_laws import contacts
from tests.unit.router.values import ELEVEN_MS, contact, ruled, rules, table, view

WINDOW_MS = 16_000
SLICE_MS = WINDOW_MS // 16

repeated = st.builds(
    contact,
    contact_id=st.sampled_from("abcdef").map(ContactId),
    release=st.integers(1, 2),
    seat_id=st.sampled_from(["S24-35", "S24-36", "S99-99"]),
    valid_until_ms=st.integers(-1, WINDOW_MS + SLICE_MS).map(ELEVEN_MS.__add__),
)
"""Few keys, so that most come again, while they are remembered and later."""
elapsed = st.sampled_from([0, 1, SLICE_MS - 1, SLICE_MS, SLICE_MS + 1]) | st.integers(
    0, WINDOW_MS + 2 * SLICE_MS
)
histories = st.lists(st.tuples(elapsed, st.lists(repeated | contacts, max_size=4)), max_size=30)
"""Records: time since the one before, and the contacts ruled on."""


def _handler() -> RulingHandler:
    orders = Orders(policy_offset_ms=0)
    orders.new_map(table())
    orders.new_policy(rules())
    return RulingHandler(orders, WINDOW_MS)


def _record(core: RulingHandler, entries: list[Contact], at_ms: int) -> list[Ruling]:
    moment = Moment(at_ms, at_ms, fresh=True, behind=False, paced_read_to_ms=0, spread_read_to_ms=0)
    rulings: list[Ruling] = []
    for each in entries:
        decided = core.decide(each, moment)
        core.evolve(decided, at_ms)
        rulings.extend(decided)
    # Every record moves the window, also one without entries.
    core.evolve([], at_ms)
    return rulings


@settings(deadline=None)
@given(histories, histories, st.sampled_from([400, 1_000, CHUNK_BYTES]))
def test_a_router_restored_from_a_snapshot_rules_as_the_one_it_was_taken_from(
    before: list[tuple[int, list[Contact]]],
    after: list[tuple[int, list[Contact]]],
    chunk_bytes: int,
) -> None:
    original, restored, codec = _handler(), _handler(), SeenCodec(chunk_bytes)
    at_ms = ELEVEN_MS
    for passed_ms, entries in before:
        at_ms += passed_ms
        _record(original, entries, at_ms)
    chunks = list(codec.chunks(original))
    assert all(len(chunk) <= chunk_bytes for chunk in chunks)
    codec.restore(restored, chunks)
    assert restored.seen == original.seen
    for passed_ms, entries in after:
        at_ms += passed_ms
        assert _record(restored, entries, at_ms) == _record(original, entries, at_ms)
        assert restored.seen == original.seen


@given(st.lists(contacts, max_size=5))
def test_no_key_that_is_remembered_holds_what_stands_between_two(entries: list[Contact]) -> None:
    seen = Seen(WINDOW_MS)
    ruled(seen, entries, ELEVEN_MS, view())
    for entry in entries:
        if key_of(entry) in seen:
            assert key_of(entry).isprintable()
    assert not any("\n" in key for each in seen.slices() for key in each.keys)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=3))
def test_random_bytes_are_a_state_or_poison(chunks: list[bytes]) -> None:
    with suppress(PoisonError):
        SeenCodec().restore(_handler(), chunks)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_snapshot_is_poison_or_a_state_that_can_be_ruled_by(data: st.DataObject) -> None:
    original = _handler()
    for second in range(3):
        _record(original, [contact(contact_id=f"c{second}")], ELEVEN_MS + second * 1000)
    value = bytearray(next(SeenCodec().chunks(original)))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    core = _handler()
    with suppress(PoisonError):
        SeenCodec().restore(core, [bytes(value)])
    assert len(_record(core, [contact()], ELEVEN_MS + 4000)) == 1
    SeenCodec().restore(_handler(), list(SeenCodec().chunks(core)))
