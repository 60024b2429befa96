from services.router.domain.contact import Contact
from services.router.domain.dedupe import Seen, evolve
from services.router.domain.gate import rule_on
from services.router.domain.ruling import Held, HeldReason, Outcome, Refused, RefusedReason, Routed
from services.router.domain.stops import Stops, StopScope
from tests.unit.router.values import ELEVEN_MS, HOUR_MS, WINDOW_MS, contact, ruled, table, view

DUPLICATE = Refused(RefusedReason.DUPLICATE)


def outcomes(seen: Seen, *contacts: Contact, at_ms: int = ELEVEN_MS) -> list[Outcome]:
    return [each.outcome for each in ruled(seen, contacts, at_ms, view())]


def test_each_entry_gets_its_ruling_in_its_place() -> None:
    contacts = [contact(contact_id=f"c{i}", priority=i) for i in range(9, 12)]
    rulings = ruled(Seen(WINDOW_MS), contacts, ELEVEN_MS, view())
    assert [type(each.outcome) for each in rulings] == [Routed, Refused, Refused]
    assert [each.contact.contact_id for each in rulings] == ["c9", "c10", "c11"]


def test_a_release_that_stands_twice_in_a_record_is_a_duplicate_the_second_time() -> None:
    first, second = outcomes(Seen(WINDOW_MS), contact(), contact())
    assert isinstance(first, Routed)
    assert second == DUPLICATE


def test_ruling_changes_nothing_until_it_is_folded() -> None:
    seen = Seen(WINDOW_MS)
    first = rule_on(contact(), ELEVEN_MS, view(), seen)
    assert rule_on(contact(), ELEVEN_MS, view(), seen) == first
    evolve(seen, [first], ELEVEN_MS)
    assert outcomes(seen, contact()) == [DUPLICATE]


def test_the_same_release_a_second_later_is_a_duplicate_across_a_map_change() -> None:
    seen = Seen(WINDOW_MS)
    entries = [contact(contact_id="stray", seat_id="S99-01"), contact()]
    ruled(seen, entries, ELEVEN_MS, view())
    again = ruled(seen, entries, ELEVEN_MS + 1000, view(seats=table(2)))
    assert [each.outcome for each in again] == [DUPLICATE, DUPLICATE]
    assert [each.map_version for each in again] == [2, 2]


def test_a_held_release_is_a_duplicate_after_the_resume() -> None:
    seen = Seen(WINDOW_MS)
    stopped = view(stops=Stops().stopped((StopScope.ALL, "")))
    assert ruled(seen, [contact()], ELEVEN_MS, stopped)[0].outcome == Held(HeldReason.STOPPED)
    assert outcomes(seen, contact()) == [DUPLICATE]


def test_an_arrival_refused_as_expired_leaves_the_release_free() -> None:
    seen = Seen(WINDOW_MS)
    expired, again = outcomes(seen, contact(valid_until_ms=ELEVEN_MS - 1), contact())
    assert expired == Refused(RefusedReason.RELEASE_EXPIRED, "valid_until")
    assert isinstance(again, Routed)


def test_an_absurd_id_does_not_block_the_contact_that_its_cut_form_names() -> None:
    seen = Seen(WINDOW_MS)
    (absurd,) = ruled(seen, [contact(contact_id="c" * 100)], ELEVEN_MS, view())
    (named,) = outcomes(seen, contact(contact_id=absurd.contact.contact_id))
    assert isinstance(named, Routed)


def test_a_takeover_knows_what_its_predecessor_ruled() -> None:
    first, second = Seen(WINDOW_MS), Seen(WINDOW_MS)
    for hour in range(5):
        at_ms = ELEVEN_MS + hour * HOUR_MS
        evolve(second, ruled(first, [contact(contact_id=f"c{hour}")], at_ms, view()), at_ms)
    repeats = [contact(contact_id=f"c{hour}") for hour in range(5)]
    later_ms = ELEVEN_MS + 5 * HOUR_MS
    assert outcomes(second, *repeats, at_ms=later_ms) == [DUPLICATE] * 5
