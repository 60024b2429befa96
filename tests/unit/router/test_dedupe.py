import pytest

from services.router.domain.dedupe import Seen, evolve, key_of
from services.router.domain.ruling import Routed, Ruling
from services.router.domain.seat_table import CentreId
from tests.unit.router.values import ELEVEN_MS, contact

WINDOW_MS = 16_000


def ruled(contact_id: str) -> Ruling:
    return Ruling(
        contact(contact_id=contact_id),
        contact().seat_id,
        1,
        1,
        Routed(CentreId("C001"), 0, ELEVEN_MS),
    )


def test_a_release_is_remembered_for_the_whole_window() -> None:
    seen = evolve(Seen(WINDOW_MS), [ruled("c1")], ELEVEN_MS)
    evolve(seen, [], ELEVEN_MS + WINDOW_MS)
    assert key_of(contact(contact_id="c1")) in seen


def test_what_is_older_than_the_window_is_forgotten() -> None:
    seen = Seen(WINDOW_MS)
    for second in range(100):
        evolve(seen, [ruled(f"c{second}")], ELEVEN_MS + second * 1000)
    assert 16 <= len(seen) <= 18
    assert key_of(contact(contact_id="c0")) not in seen
    assert key_of(contact(contact_id="c99")) in seen


def test_folding_a_record_twice_is_the_same_as_once() -> None:
    seen = Seen(WINDOW_MS)
    for _ in range(2):
        evolve(seen, [ruled("c1"), ruled("c2")], ELEVEN_MS)
    assert len(seen) == 2


def test_a_release_is_told_from_another_whose_id_ends_in_a_number() -> None:
    assert key_of(contact(contact_id="c/1", release=1)) != key_of(
        contact(contact_id="c", release=11)
    )


def test_what_is_ruled_later_does_not_change_the_slices_of_now() -> None:
    seen = evolve(Seen(WINDOW_MS), [ruled("c1")], ELEVEN_MS)
    evolve(seen, [ruled("c2")], ELEVEN_MS + 1000)
    before = seen.slices()
    evolve(seen, [ruled("c3")], ELEVEN_MS + 1999)
    evolve(seen, [ruled("c4")], ELEVEN_MS + 100_000)
    assert [(each.ends_ms, each.keys) for each in before] == [
        (ELEVEN_MS + 1000, {"c1/1"}),
        (ELEVEN_MS + 2000, {"c2/1"}),
    ]


def test_a_slice_is_restored_in_parts_and_takes_keys_again() -> None:
    seen = Seen(WINDOW_MS)
    seen.restore_slice(ELEVEN_MS - 1000, [])
    seen.restore_slice(ELEVEN_MS + 1000, ["c1/1"])
    seen.restore_slice(ELEVEN_MS + 1000, ["c2/1"])
    evolve(seen, [ruled("c3")], ELEVEN_MS + 999)
    assert [(each.ends_ms, each.keys) for each in seen.slices()] == [
        (ELEVEN_MS - 1000, set()),
        (ELEVEN_MS + 1000, {"c1/1", "c2/1", "c3/1"}),
    ]


def test_slices_are_restored_oldest_first() -> None:
    seen = Seen(WINDOW_MS)
    seen.restore_slice(ELEVEN_MS, [])
    with pytest.raises(ValueError, match="in front of it"):
        seen.restore_slice(ELEVEN_MS - 1, [])


def test_a_window_too_short_to_slice_is_refused() -> None:
    with pytest.raises(ValueError, match="window_ms is 3"):
        Seen(3)
