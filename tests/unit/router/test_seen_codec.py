import itertools
from collections.abc import Iterable
from dataclasses import fields

import pytest

from seatline.rulings.v1 import seen_pb2
from services.router.adapters.seen_codec import SeenCodec
from services.router.domain.contact import ID_CHARS_MAX, NUMBER_MAX
from services.router.domain.dedupe import Seen, Slice, evolve
from services.router.handlers import Orders, RulingHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import CHUNK_BYTES, StateCodec
from tests.support.newer_wire import unknown_field
from tests.unit.router.values import ELEVEN_MS, contact, ruled, view

WINDOW_MS = 16_000
CODEC: StateCodec[RulingHandler] = SeenCodec()
LONGEST = "\N{GRINNING FACE}" * ID_CHARS_MAX


def handler(window_ms: int = WINDOW_MS) -> RulingHandler:
    return RulingHandler(Orders(policy_offset_ms=0), window_ms)


def restored(chunks: Iterable[bytes], window_ms: int = WINDOW_MS) -> RulingHandler:
    core = handler(window_ms)
    CODEC.restore(core, tuple(chunks))
    return core


def part(ends_ms: int | None, keys: bytes = b"") -> bytes:
    chunk = seen_pb2.SeenChunk()
    added = chunk.slices.add(keys=keys)
    if ends_ms is not None:
        added.ends_at.FromMilliseconds(ends_ms)
    return bytes(chunk.SerializeToString())


def test_an_empty_state_is_one_chunk() -> None:
    (chunk,) = CODEC.chunks(handler())
    assert restored([chunk]).seen == Seen(WINDOW_MS)


def test_slices_come_back_as_they_were_also_those_without_keys() -> None:
    core = handler()
    for second in (0, 1, 3, 7):
        ids = [f"c{second}-{n}" for n in range(second)]
        ruled(core.seen, [contact(contact_id=i) for i in ids], ELEVEN_MS + second * 1000, view())
        evolve(core.seen, [], ELEVEN_MS + second * 1000)
    assert [len(each.keys) for each in core.seen.slices()] == [0, 1, 3, 7]
    (chunk,) = CODEC.chunks(core)
    assert restored([chunk]).seen == core.seen


def test_no_chunk_is_too_large_where_one_slice_holds_a_hundred_thousand_keys() -> None:
    core = handler()
    core.seen.slice_at(ELEVEN_MS).update(f"contact-{n}/1" for n in range(100_000))
    core.seen.slice_at(ELEVEN_MS + 1000).add("newest/1")
    chunks = list(CODEC.chunks(core))
    assert max(map(len, chunks)) <= CHUNK_BYTES
    assert sum(map(len, chunks)) > 0.9 * CHUNK_BYTES * (len(chunks) - 1)
    assert restored(chunks).seen == core.seen


@pytest.mark.parametrize("chunk_bytes", [400, 5_000, CHUNK_BYTES])
def test_no_chunk_is_too_large_where_every_key_is_as_long_as_keys_become(chunk_bytes: int) -> None:
    core = handler()
    longest = [
        contact(contact_id=f"{n:04}{LONGEST[4:]}", release=NUMBER_MAX - n) for n in range(2000)
    ]
    ruled(core.seen, longest, ELEVEN_MS, view())
    assert len(core.seen) == 2000
    chunks = list(SeenCodec(chunk_bytes).chunks(core))
    assert max(map(len, chunks)) <= chunk_bytes
    assert restored(chunks).seen == core.seen


def test_a_chunk_that_could_not_hold_the_longest_key_is_refused() -> None:
    with pytest.raises(ValueError, match="chunk_bytes is 300"):
        SeenCodec(300)


def test_chunks_taken_one_by_one_hold_the_state_of_the_call() -> None:
    core = handler()
    for second in range(8):
        ids = [f"c{second}-{n}" for n in range(50)]
        ruled(core.seen, [contact(contact_id=i) for i in ids], ELEVEN_MS + second * 1000, view())
    at_once = restored(list(CODEC.chunks(core)))
    one_by_one = SeenCodec(chunk_bytes=400).chunks(core)
    chunks: list[bytes] = []
    for second in itertools.count(7):
        later = contact(contact_id=f"later-{second}")
        ruled(core.seen, [later], ELEVEN_MS + second * 1000 + 500, view())
        chunk = next(one_by_one, None)
        if chunk is None:
            break
        chunks.append(chunk)
    assert len(chunks) > 16
    assert "c0-0/1" not in core.seen
    assert restored(chunks).seen == at_once.seen


def test_under_a_shorter_window_nothing_is_forgotten_earlier_than_that_window_asks_for() -> None:
    core = handler(10 * WINDOW_MS)
    ruled(core.seen, [contact(contact_id="first")], ELEVEN_MS, view())
    # The last millisecond of the same slice.
    last_ms = ELEVEN_MS + 10 * WINDOW_MS // 16 - 1
    ruled(core.seen, [contact(contact_id="last")], last_ms, view())
    assert len(core.seen.slices()) == 1
    shorter = restored(list(CODEC.chunks(core)), WINDOW_MS)
    assert shorter.seen.window_ms == WINDOW_MS
    evolve(shorter.seen, [], last_ms + WINDOW_MS)
    assert "last/1" in shorter.seen
    evolve(shorter.seen, [], last_ms + WINDOW_MS + 2)
    assert len(shorter.seen) == 0


def test_under_a_longer_window_all_that_was_still_known_is_kept_for_that_window() -> None:
    core = handler()
    ruled(core.seen, [contact(contact_id="first")], ELEVEN_MS, view())
    longer = restored(list(CODEC.chunks(core)), 10 * WINDOW_MS)
    assert longer.seen.window_ms == 10 * WINDOW_MS
    evolve(longer.seen, [], ELEVEN_MS + 10 * WINDOW_MS)
    assert "first/1" in longer.seen
    evolve(longer.seen, [], ELEVEN_MS + 10 * WINDOW_MS + WINDOW_MS // 16 + 1)
    assert "first/1" not in longer.seen


@pytest.mark.parametrize(
    ("chunks", "named"),
    [
        ([], "without chunks"),
        ([b"\xff\xff"], "not a seatline.rulings.v1.SeenChunk"),
        ([part(ELEVEN_MS) + unknown_field()], "does not know"),
        ([part(None, b"a/1")], "without its end"),
        ([part(ELEVEN_MS, b"a/1\n\xff")], "no text"),
        ([part(ELEVEN_MS), part(ELEVEN_MS - 1)], "out of order"),
    ],
)
def test_chunks_that_cannot_be_read_are_poison_and_leave_the_core_as_it_was(
    chunks: list[bytes], named: str
) -> None:
    core = handler()
    with pytest.raises(PoisonError, match=named):
        CODEC.restore(core, [part(ELEVEN_MS - 1000, b"b/1"), *chunks] if chunks else chunks)
    assert core.seen == Seen(WINDOW_MS)


def test_poison_quotes_no_contact() -> None:
    with pytest.raises(PoisonError) as caught:
        restored([part(ELEVEN_MS, b"contact-1\xff")])
    assert "contact-1" not in str(caught.value)


def test_every_field_of_the_state_is_in_a_snapshot_or_the_handler_s_own_setting() -> None:
    own_setting, in_chunks = {"window_ms"}, {"_slices"}
    assert {each.name for each in fields(Seen)} == own_setting | in_chunks
    wire_of = {"ends_ms": "ends_at", "keys": "keys"}
    assert {each.name for each in fields(Slice)} == set(wire_of)
    assert {each.name for each in seen_pb2.SeenSlice.DESCRIPTOR.fields} == set(wire_of.values())
