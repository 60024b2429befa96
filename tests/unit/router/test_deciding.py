from services.router.domain.deciding import decide
from services.router.domain.dedupe import Seen, evolve
from services.router.domain.ruling import Held, HeldReason, Refused, RefusedReason, Routed
from services.router.domain.stops import Stops, StopScope
from tests.unit.router.values import ELEVEN_MS, HOUR_MS, WINDOW_MS, contact, table, view

DUPLICATE = Refused(RefusedReason.DUPLICATE)


def test_each_entry_gets_its_ruling_in_its_place() -> None:
    contacts = [contact(contact_id=f"c{i}", priority=i) for i in range(9, 12)]
    rulings = decide(Seen(WINDOW_MS), contacts, ELEVEN_MS, view())
    assert [type(each.outcome) for each in rulings] == [Routed, Refused, Refused]
    assert [each.contact.contact_id for each in rulings] == ["c9", "c10", "c11"]


def test_a_release_that_stands_twice_in_a_record_is_a_duplicate_the_second_time() -> None:
    rulings = decide(Seen(WINDOW_MS), [contact(), contact()], ELEVEN_MS, view())
    assert isinstance(rulings[0].outcome, Routed)
    assert rulings[1].outcome == DUPLICATE


def test_deciding_changes_nothing_until_the_record_is_folded() -> None:
    seen = Seen(WINDOW_MS)
    first = decide(seen, [contact()], ELEVEN_MS, view())
    assert decide(seen, [contact()], ELEVEN_MS, view()) == first
    evolve(seen, first, ELEVEN_MS)
    assert decide(seen, [contact()], ELEVEN_MS, view())[0].outcome == DUPLICATE


def test_the_same_release_a_second_later_is_a_duplicate_across_a_map_change() -> None:
    seen = Seen(WINDOW_MS)
    unknown = contact(seat_id="S99-01")
    evolve(seen, decide(seen, [unknown, contact()], ELEVEN_MS, view()), ELEVEN_MS)
    again = decide(seen, [unknown, contact()], ELEVEN_MS + 1000, view(seats=table(2)))
    assert [each.outcome for each in again] == [DUPLICATE, DUPLICATE]
    assert [each.map_version for each in again] == [2, 2]


def test_a_held_release_is_a_duplicate_after_the_resume() -> None:
    seen = Seen(WINDOW_MS)
    stopped = view(stops=Stops().stopped((StopScope.ALL, "")))
    held = decide(seen, [contact()], ELEVEN_MS, stopped)
    assert held[0].outcome == Held(HeldReason.STOPPED)
    evolve(seen, held, ELEVEN_MS)
    assert decide(seen, [contact()], ELEVEN_MS, view())[0].outcome == DUPLICATE


def test_an_arrival_refused_as_expired_leaves_the_release_free() -> None:
    seen = Seen(WINDOW_MS)
    expired = decide(seen, [contact(valid_until_ms=ELEVEN_MS - 1)], ELEVEN_MS, view())
    evolve(seen, expired, ELEVEN_MS)
    assert isinstance(decide(seen, [contact()], ELEVEN_MS, view())[0].outcome, Routed)


def test_an_absurd_id_does_not_block_the_contact_that_its_cut_form_names() -> None:
    seen = Seen(WINDOW_MS)
    absurd = decide(seen, [contact(contact_id="c" * 100)], ELEVEN_MS, view())
    evolve(seen, absurd, ELEVEN_MS)
    named = contact(contact_id=absurd[0].contact.contact_id)
    assert isinstance(decide(seen, [named], ELEVEN_MS, view())[0].outcome, Routed)


def test_a_takeover_knows_what_its_predecessor_ruled() -> None:
    first, second = Seen(WINDOW_MS), Seen(WINDOW_MS)
    for hour in range(5):
        at_ms = ELEVEN_MS + hour * HOUR_MS
        record = decide(first, [contact(contact_id=f"c{hour}")], at_ms, view())
        evolve(first, record, at_ms)
        evolve(second, record, at_ms)
    repeats = [contact(contact_id=f"c{hour}") for hour in range(5)]
    later_ms = ELEVEN_MS + 5 * HOUR_MS
    assert decide(first, repeats, later_ms, view()) == decide(second, repeats, later_ms, view())
