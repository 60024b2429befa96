"""The ledger: what is planted is found, by id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.domain.audit import CONTACTS, LISTED_MAX, RULINGS, Ledger, Report
from services.cli.domain.journal import Witness
from services.cli.domain.places import (
    Accepted,
    Arrival,
    At,
    Foreign,
    Place,
    Read,
    Recorded,
    SetAside,
    Step,
)

ROUTER, DISPATCHER = 0, 5


def facts(*moves: tuple[str, Place], read: Read | None = None, first: int = 0) -> Accepted:
    inputs = () if read is None else ((RULINGS, ROUTER, read),)
    steps = tuple(
        Step(contact_id, 1, place, At(DISPATCHER, first + number, 0))
        for number, (contact_id, place) in enumerate(moves)
    )
    return Accepted("facts", DISPATCHER, inputs, steps=steps)


def rulings(read: Read, *aside: SetAside) -> Accepted:
    return Accepted("rulings", ROUTER, ((CONTACTS, ROUTER, read),), aside)


def row(contact_id: str, place: Place, offset: int = 0) -> Recorded:
    return Recorded(contact_id, 1, place, At(ROUTER, offset, 0), DISPATCHER)


def arrival(contact_id: str, offset: int, index: int = 0) -> Arrival:
    return Arrival(contact_id, 1, At(ROUTER, offset, index))


def balanced(report: Report) -> bool:
    equation = report.equation()
    parts = ("finished", "refused", "held", "returned", "open", "lost")
    return equation["contacts"] == sum(equation[name] for name in parts)


def test_a_contact_in_each_place_is_counted_there_once() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(20, 0)))
    places = [place for place in Place if place >= Place.HELD]
    for number, place in enumerate(places):
        ledger.recorded(row(f"c{number}", place, offset=number))
        ledger.arrived(arrival(f"c{number}", number))
    report = ledger.report()
    assert report.ok
    assert report.places == dict.fromkeys(places, 1)
    assert balanced(report)
    assert report.equation()["open"] == 6


def test_a_contact_that_the_router_has_read_and_nobody_recorded_is_a_stray() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(1, 0)))
    ledger.arrived(arrival("lost", 0))
    report = ledger.report()
    assert not report.ok
    assert report.lost == 1
    assert [(f.contact_id, f.release, f.at) for f in report.strays] == [
        ("lost", 1, "contacts/0@0[0]")
    ]


def test_a_contact_behind_the_router_within_a_record_is_unread() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(3, 2)))
    ledger.recorded(row("a", Place.HELD))
    ledger.arrived(arrival("a", 3, 1))
    ledger.arrived(arrival("b", 3, 2))
    report = ledger.report()
    assert report.ok
    assert report.places[Place.UNREAD] == 1
    assert report.equation()["open"] == 1


def test_without_any_ruling_all_is_unread() -> None:
    ledger = Ledger()
    ledger.arrived(arrival("a", 0))
    assert ledger.report().places == {Place.UNREAD: 1}


def test_a_repeated_arrival_is_counted_once() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(2, 0)))
    ledger.recorded(row("a", Place.ENDED))
    ledger.arrived(arrival("a", 0))
    ledger.arrived(arrival("a", 1))
    report = ledger.report()
    assert report.equation()["contacts"] == 1
    assert report.arrivals == 2


def test_a_release_that_is_unread_twice_is_counted_once() -> None:
    ledger = Ledger()
    ledger.arrived(arrival("a", 0))
    ledger.arrived(arrival("a", 1))
    assert ledger.report().equation()["contacts"] == 1


def test_another_release_of_a_contact_is_counted_for_itself() -> None:
    ledger = Ledger()
    ledger.recorded(row("a", Place.RETURNED))
    ledger.arrived(arrival("a", 0))
    ledger.arrived(Arrival("a", 2, At(ROUTER, 9, 0)))
    assert ledger.report().places == {Place.RETURNED: 1, Place.UNREAD: 1}


def test_a_contact_without_an_id_is_refused_each_time() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(9, 0)))
    ledger.arrived(arrival("", 0))
    ledger.arrived(arrival("", 1))
    assert ledger.report().places == {Place.REFUSED: 2}


def test_an_arrival_that_the_router_set_aside_is_dead() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(9, 0), SetAside(CONTACTS, At(ROUTER, 4, 0))))
    ledger.arrived(arrival("poison", 4))
    report = ledger.report()
    assert report.ok
    assert report.places == {Place.DEAD: 1}
    assert report.equation()["held"] == 1


def test_a_routed_contact_whose_dispatcher_has_not_come_so_far_is_open() -> None:
    ledger = Ledger()
    ledger.decided(facts(read=Read(7, 0)))
    ledger.recorded(row("a", Place.ROUTED, offset=7))
    ledger.arrived(arrival("a", 0))
    report = ledger.report()
    assert report.ok
    assert report.equation()["open"] == 1


def test_a_routed_contact_that_its_dispatcher_passed_over_is_a_stray() -> None:
    ledger = Ledger()
    ledger.decided(facts(read=Read(8, 0)))
    ledger.recorded(row("a", Place.ROUTED, offset=7))
    ledger.arrived(arrival("a", 0))
    report = ledger.report()
    assert report.lost == 1
    assert report.equation()["contacts"] == 1
    assert report.strays[0].at == "rulings/0@7[0]"


def test_a_ruling_that_its_dispatcher_set_aside_is_dead() -> None:
    ledger = Ledger()
    aside = SetAside(RULINGS, At(ROUTER, 7, 0))
    ledger.decided(Accepted("facts", DISPATCHER, ((RULINGS, ROUTER, Read(8, 0)),), (aside,)))
    ledger.recorded(row("a", Place.ROUTED, offset=7))
    ledger.arrived(arrival("a", 0))
    report = ledger.report()
    assert report.ok
    assert report.places == {Place.DEAD: 1}


def test_two_confirms_of_one_release_are_a_double() -> None:
    ledger = Ledger()
    ledger.decided(facts(("a", Place.CONFIRMED), ("b", Place.CONFIRMED)))
    ledger.decided(facts(("a", Place.CONFIRMED), first=2))
    report = ledger.report()
    assert not report.ok
    assert report.doubled == 1
    assert [(f.contact_id, f.at) for f in report.doubles] == [("a", "facts/5@2[0]")]


def test_two_ends_of_one_release_are_a_double() -> None:
    for second in (Place.ENDED, Place.RETURNED):
        ledger = Ledger()
        ledger.decided(facts(("a", Place.ENDED), ("a", second)))
        assert ledger.report().doubled == 1


def test_an_offer_after_the_end_is_a_double() -> None:
    ledger = Ledger()
    ledger.decided(facts(("a", Place.RETURNED), ("a", Place.OFFERED)))
    assert ledger.report().doubles[0].why == "moved after its end"


def test_a_recorded_conflict_is_a_double() -> None:
    ledger = Ledger()
    ledger.conflict("a", 1)
    assert ledger.report().doubled == 1


def test_one_contact_doubled_in_two_ways_is_one_double() -> None:
    ledger = Ledger()
    ledger.decided(facts(("a", Place.CONFIRMED), ("a", Place.CONFIRMED)))
    ledger.conflict("a", 1)
    report = ledger.report()
    assert report.doubled == 1
    assert len(report.doubles) == 2


def test_a_row_that_contradicts_the_log_is_named() -> None:
    ledger = Ledger()
    ledger.decided(facts(("a", Place.ENDED)))
    ledger.recorded(row("a", Place.ON_CALL))
    ledger.arrived(arrival("a", 0))
    report = ledger.report()
    assert not report.ok
    assert report.misrecorded == 1
    assert report.strays[0].why == "the log says ended, the record says on_call"
    assert balanced(report)


def test_a_row_that_is_missing_although_the_log_has_facts_is_a_stray() -> None:
    ledger = Ledger()
    ledger.decided(facts(("a", Place.QUEUED)))
    ledger.arrived(arrival("a", 0))
    report = ledger.report()
    assert report.lost == 1
    assert report.strays[0].why == "the log says queued and nothing is recorded"


def test_foreign_records_are_contacts_dead_unread_or_lost() -> None:
    ledger = Ledger()
    ledger.foreign.kept(Foreign(partition=1, start=10, end=15, done=13))
    ledger.foreign.became_dead(1, 11)
    ledger.foreign.became_dead(1, 3)
    ledger.recorded(row("a", Place.ENDED))
    ledger.arrived(Arrival("a", 1, At(ROUTER, 0, 0), source=(1, 10)))
    report = ledger.report()
    assert report.places == {Place.ENDED: 1, Place.DEAD: 1, Place.UNREAD: 2, Place.NOWHERE: 1}
    assert [finding.at for finding in report.strays] == ["intake/1@12"]
    assert balanced(report)


def test_a_foreign_record_that_became_a_contact_is_not_dead() -> None:
    ledger = Ledger()
    ledger.foreign.kept(Foreign(0, 0, 1, 1))
    ledger.arrived(Arrival("a", 1, At(ROUTER, 0, 0), source=(0, 0)))
    ledger.foreign.became_dead(0, 0)
    assert ledger.report().places[Place.DEAD] == 0


def test_the_journal_of_callers_and_senders_is_heard() -> None:
    witness = Witness()
    for contact_id in ("kept", "vanished"):
        at = [CONTACTS, 0, 0, 0]
        witness.hear({"kind": "acknowledged", "contact": contact_id, "at": at})
    witness.hear({"kind": "acknowledged", "contact": "f", "at": ["seatline.intake.v1", 0, 7, 0]})
    shown = {"kind": "number", "dialled": True, "wall_ms": 5, "dial_by_ms": 9}
    witness.hear({**shown, "session": "s1", "attempt": ["kept", 1, 1]})
    witness.hear({**shown, "session": "s1", "attempt": ["kept", 1, 1]})
    witness.hear({**shown, "session": "s2", "attempt": ["kept", 1, 2]})
    witness.hear({**shown, "session": "s3", "attempt": ["late", 1, 1], "wall_ms": 10})
    ledger = Ledger(witness)
    ledger.foreign.kept(Foreign(0, 0, 7, 7))
    for offset in range(7):
        ledger.foreign.became_dead(0, offset)
    ledger.arrived(arrival("kept", 0))
    report = ledger.report()
    assert report.lost == 2
    assert {finding.contact_id for finding in report.strays} == {"vanished", ""}
    assert {finding.contact_id for finding in report.doubles} == {"kept", "late"}
    assert report.doubled == 2


@pytest.mark.parametrize("line", [{}, {"kind": "number"}, {"kind": "acknowledged", "contact": 1}])
def test_a_journal_line_that_lacks_a_field_is_refused(line: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Witness().hear(line)


def test_no_more_findings_are_kept_than_the_limit_and_all_are_counted() -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(LISTED_MAX + 10, 0)))
    for offset in range(LISTED_MAX + 5):
        ledger.arrived(arrival(f"c{offset}", offset))
    report = ledger.report()
    assert report.lost == LISTED_MAX + 5
    assert len(report.strays) == LISTED_MAX


@given(
    st.dictionaries(
        st.integers(0, 60),
        st.sampled_from([place for place in Place if place >= Place.HELD] + [None]),
        min_size=1,
    ),
    st.integers(0, 61),
)
def test_every_contact_is_counted_exactly_once_and_every_loss_named(
    planted: dict[int, Place | None], read: int
) -> None:
    ledger = Ledger()
    ledger.decided(rulings(Read(read, 0)))
    for offset, place in planted.items():
        if place is not None:
            ledger.recorded(row(f"c{offset}", place, offset))
    for offset in sorted(planted):
        ledger.arrived(arrival(f"c{offset}", offset))
    report = ledger.report()
    lost = {f"c{offset}" for offset, place in planted.items() if place is None and offset < read}
    assert {finding.contact_id for finding in report.strays} == lost
    assert report.lost == len(lost)
    assert report.equation()["contacts"] == len(planted)
    assert balanced(report)
