from typing import Any

import pytest

from services.simulator.domain.calls import Attempt
from services.simulator.domain.census import Census, Kind, Sighting
from services.simulator.domain.measure import Spread, Tally
from services.simulator.domain.reckoning import reckon
from services.simulator.domain.report import Evidence, report
from services.simulator.domain.verdict import (
    Counts,
    Measured,
    Seen,
    Wanted,
    bars,
    bars_missed,
    faults,
)
from services.simulator.domain.witness import Account, hear

CLEAN = Counts(10, 7, 1, 1, 1, 0, 0, 0)
WANTED = Wanted(sessions=100, rate_per_s=10)
SEEN = Seen(sessions=100, offers_per_second=9.6, waited=3)


def number(session: str, attempt: int = 1, release: int = 1, **more: Any) -> dict[str, Any]:
    entry = {
        "kind": "number",
        "session": session,
        "attempt": ["c-1", release, attempt],
        "dialled": True,
        "dial_by_ms": 1_000,
        "wall_ms": 900,
    }
    return entry | more


def test_a_number_shown_again_to_the_same_session_is_no_double() -> None:
    assert hear([number("s1"), number("s1")]).doubled == []


def test_a_number_shown_to_two_sessions_is_a_double() -> None:
    assert len(hear([number("s1"), number("s2")]).doubled) == 1


def test_a_second_attempt_of_a_release_is_a_double_even_for_the_same_session() -> None:
    assert len(hear([number("s1"), number("s1", attempt=2)]).doubled) == 1


def test_a_new_release_may_be_shown_to_somebody_else() -> None:
    assert hear([number("s1"), number("s2", release=2)]).doubled == []


def test_a_number_that_came_late_counts_only_if_it_was_dialled() -> None:
    assert len(hear([number("s1", wall_ms=1_001)]).doubled) == 1
    assert hear([number("s1", wall_ms=1_001, dialled=False)]).doubled == []


def test_a_journal_tells_what_was_acknowledged_and_saved() -> None:
    entries = [
        {"kind": "acknowledged", "contact": "c-1"},
        {"kind": "saved", "attempt": ["c-1", 1, 1]},
        {"kind": "connected", "desk": 1},
    ]
    account = hear(entries)
    assert account.contacts == {"c-1"}
    assert account.saved == {Attempt("c-1", 1, 1)}


def census_of(*sightings: Sighting) -> Census:
    census = Census("run", window_from_ms=100, window_until_ms=200)
    for sighting in sightings:
        census.see(sighting)
    return census


def test_sessions_are_the_most_that_were_there_at_once() -> None:
    census = census_of(
        Sighting(Kind.SESSION_IN, 10, "run-s1"),
        Sighting(Kind.SESSION_IN, 10, "run-s1"),
        Sighting(Kind.SESSION_IN, 20, "run-s2"),
        Sighting(Kind.SESSION_OUT, 30, "run-s1"),
        Sighting(Kind.SESSION_IN, 30, "run-s3"),
        Sighting(Kind.SESSION_IN, 10, "old-s9"),
    )
    assert census.sessions == 2


def test_offers_are_counted_and_those_of_the_window_apart() -> None:
    census = census_of(
        *(Sighting(Kind.OFFERED, at, "run-s1", "c-1", 1, 1) for at in (99, 100, 199, 200))
    )
    assert (census.offers, census.offers_in_window) == (4, 2)


def test_a_release_confirmed_twice_is_a_double() -> None:
    first = Sighting(Kind.CONFIRMED, 10, "run-s1", "c-1", 1, 1)
    second = Sighting(Kind.CONFIRMED, 20, "run-s2", "c-1", 1, 2)
    again = Sighting(Kind.CONFIRMED, 20, "run-s2", "c-1", 2, 1)
    assert census_of(first, second).doubled == {"c-1"}
    assert census_of(first, again).doubled == set()


def test_every_contact_is_reckoned_in_exactly_one_place() -> None:
    account = Account(contacts={f"c-{n}" for n in range(7)}, saved={Attempt("c-1", 1, 1)})
    places = {
        "c-1": "ended",
        "c-2": "refused",
        "c-3": "held",
        "c-4": "returned",
        "c-5": "queued",
        "c-6": "on_call",
        "c-unknown": "ended",
    }
    recorded = {Attempt("c-1", 1, 1)}
    counts = reckon(account, places, recorded, census_of(), {"lost": 0, "doubled": 0})
    assert counts == Counts(7, 1, 1, 1, 1, open=2, lost=1, doubled=0)
    assert counts.add_up


def test_a_saved_outcome_that_the_recorder_lacks_is_lost() -> None:
    account = Account(contacts={"run-1"}, saved={Attempt("run-1", 1, 1)})
    counts = reckon(account, {"run-1": "ended"}, set(), census_of(), {"lost": 0, "doubled": 0})
    assert counts.lost == 1


def test_what_the_record_of_a_run_lacks_of_another_run_is_not_lost() -> None:
    account = Account(contacts={"run-1"}, saved={Attempt("other-1", 1, 1)})
    counts = reckon(account, {"run-1": "ended"}, set(), census_of(), {"lost": 0, "doubled": 0})
    assert counts.lost == 0


def test_the_worst_witness_counts() -> None:
    counts = reckon(Account(), {}, set(), census_of(), {"lost": 2, "doubled": 3})
    assert (counts.lost, counts.doubled) == (2, 3)


def test_a_clean_run_has_no_faults() -> None:
    assert faults(CLEAN, WANTED, SEEN) == []
    assert CLEAN.clean


def test_each_rule_of_ok_has_its_fault() -> None:
    def named(counts: Counts = CLEAN, seen: Seen = SEEN) -> list[str]:
        return [fault.split(":")[0].split(" ")[0] for fault in faults(counts, WANTED, seen)]

    assert named(Counts(11, 7, 1, 1, 1, 0, 0, 0)) == ["contacts"]
    assert named(Counts(10, 6, 1, 1, 1, 0, 1, 0)) == ["lost"]
    assert named(Counts(10, 7, 1, 1, 1, 0, 0, 1)) == ["doubled"]
    assert named(Counts(10, 6, 1, 1, 1, 1, 0, 0)) == ["open"]
    assert named(seen=Seen(99, 9.6, 3)) == ["sessions"]
    assert named(seen=Seen(100, 9.4, 3)) == ["offers_per_second"]
    assert named(seen=Seen(100, 9.6, 0)) == ["waited"]


def test_without_a_burst_nobody_needs_to_wait() -> None:
    steady = Wanted(sessions=100, rate_per_s=10, wait=False)
    assert faults(CLEAN, steady, Seen(100, 9.6, 0)) == []
    assert faults(CLEAN, steady, SEEN) == []


def test_missed_bars_are_named_with_their_figures() -> None:
    good = Spread(100, 5, 6, 40, 50)
    slow = Spread(100, 9, 60, 80, 90)
    late = Spread(100, 9, 60, 600, 900)
    rss = {"router-0": 250.0, "simulator": 900.0, "kafka-0": 900.0, "postgres": 900.0}
    assert bars_missed(Measured(good, good, {"router-0": 100.0})) == []
    assert bars_missed(Measured(slow, late, rss)) == [
        "offer_ms.p50: 9 > 8",
        "offer_ms.p99: 80 > 50",
        "outcome_durable_ms.p99: 600 > 500",
        "rss_mb.router-0: 250 > 200",
    ]


def test_only_what_is_judged_has_a_bar() -> None:
    rss = {"router-0": 250.0, "simulator": 900.0, "kafka-0": 900.0, "postgres": 900.0}
    nothing = Spread.of([])
    assert bars(Measured(nothing, nothing, rss)) == {
        "offer_ms": {"p50": 8, "p99": 50},
        "outcome_durable_ms": {"p99": 500},
        "rss_mb": {"router-0": 200},
    }


def test_the_contact_worth_explaining_was_tried_most() -> None:
    confirms = (("c-1", 1), ("c-2", 3), ("c-3", 2))
    census = census_of(
        *(Sighting(Kind.CONFIRMED, 10, "run-s1", contact, 1, n) for contact, n in confirms)
    )
    assert census.most_tried == "c-2"
    assert census_of().most_tried == ""


def test_a_bar_on_nothing_is_a_missed_bar() -> None:
    nothing = Spread.of([])
    missed = bars_missed(Measured(nothing, nothing, {}))
    assert missed == ["offer_ms: nothing was measured", "outcome_durable_ms: nothing was measured"]


@pytest.mark.parametrize("audit", [{"lost": 1, "doubled": 0}, {"lost": 0, "doubled": 1}])
def test_what_the_audit_finds_makes_a_run_not_ok(audit: dict[str, int]) -> None:
    account = Account(contacts={"c-1"})
    counts = reckon(account, {"c-1": "ended"}, set(), census_of(), audit)
    census = census_of(
        Sighting(Kind.SESSION_IN, 1, "run-s1"), Sighting(Kind.OFFERED, 150, "run-s1", "c-1", 1, 1)
    )
    tally = Tally([], "run", waited=1)
    clean = Counts(1, 1, 0, 0, 0, 0, 0, 0)
    for found, ok in ((counts, False), (clean, True)):
        evidence = Evidence(found, census, tally, 1, {}, audit_ok=True, stuck=0)
        assert report(evidence, Wanted(1, 1.0), 1.0)["ok"] is ok


def test_a_report_has_the_published_names() -> None:
    census = census_of(Sighting(Kind.SESSION_IN, 1, "run-s1"))
    evidence = Evidence(
        CLEAN, census, Tally([], "run"), 1, {"router-0": 50.0}, audit_ok=False, stuck=1
    )
    figures = report(evidence, Wanted(1, 1.0), 30.0)
    published = (
        "ok bars_missed centres sessions contacts offers confirmed finished refused held returned "
        "open lost doubled offers_per_second offer_ms outcome_durable_ms rss_mb seconds rate bars "
        "example"
    )
    assert set(published.split()) <= figures.keys()
    assert figures["offer_ms"].keys() == {"n", "p50", "p90", "p99", "max"}
    assert not figures["ok"]
    assert [fault.split(":")[0] for fault in figures["faults"]][-2:] == ["audit", "stuck"]
