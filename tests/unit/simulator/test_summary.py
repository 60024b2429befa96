from typing import Any

import pytest

from services.simulator.domain.next_steps import make, next_steps
from services.simulator.domain.summary import as_text, summary

RESULT: dict[str, Any] = {
    "ok": True,
    "faults": [],
    "bars_missed": [],
    "bars": {
        "offer_ms": {"p50": 8.0, "p99": 50.0},
        "outcome_durable_ms": {"p99": 500.0},
        "rss_mb": {"router-0": 200.0},
    },
    "contacts": 27_450,
    "finished": 27_400,
    "refused": 20,
    "held": 10,
    "returned": 20,
    "open": 0,
    "lost": 0,
    "doubled": 0,
    "offers": 28_000,
    "confirmed": 27_410,
    "sessions": 20_000,
    "centres": 225,
    "waited": 1_200,
    "rate": 300.0,
    "offers_per_second": 301.2,
    "offer_ms": {"n": 17_000, "p50": 5.14, "p90": 9.0, "p99": 31.2, "max": 80.0},
    "outcome_durable_ms": {"n": 1_100, "p50": 81.0, "p99": 240.0},
    "rss_mb": {"kafka-0": 900.4, "router-0": 80.0},
    "cpu_s": {"kafka-0": 12.3, "router-0": 20.0},
}
TEXT = """\
27,450 contacts = 27,400 finished + 20 refused + 10 held + 20 returned + 0 open + 0 lost
28,000 offers to 20,000 callers of 225 centres, 27,410 confirmed, 0 doubled
1,200 contacts had to wait for a caller

                        measured     bar
offers a second            301.2  of 300
offer_ms p50                 5.1       8
offer_ms p99                31.2      50
outcome_durable_ms p50      81.0
outcome_durable_ms p99     240.0     500

process   CPU s  peak MB  bar
router-0   20.0       80  200
kafka-0    12.3      900

Held: every contact is accounted for, and none was given to two callers; every bar was met."""


def test_a_summary_says_what_came_of_the_contacts_and_at_what_price() -> None:
    assert as_text(summary(RESULT)) == TEXT


def test_what_missed_its_bar_is_marked_and_named() -> None:
    missed = ["offer_ms.p99: 80 > 50", "rss_mb.router-0: 250 > 200"]
    told = summary(RESULT | {"bars_missed": missed})
    marked = [row[0] for sheet in told.sheets for row in sheet.rows if row[-1]]
    assert marked == ["offer_ms p99", "router-0"]
    assert told.verdict.endswith("; missed: offer_ms.p99: 80 > 50, rss_mb.router-0: 250 > 200.")
    assert told.ok


def test_a_figure_of_nothing_is_marked_as_a_whole() -> None:
    told = summary(RESULT | {"bars_missed": ["offer_ms: nothing was measured"]})
    marked = [row[0] for sheet in told.sheets for row in sheet.rows if row[-1]]
    assert marked == ["offer_ms p50", "offer_ms p99"]


def test_a_broken_promise_is_the_verdict_whatever_the_bars() -> None:
    told = summary(RESULT | {"ok": False, "lost": 1, "faults": ["lost: 1", "doubled: 2"]})
    assert told.verdict == "Violated: lost: 1; doubled: 2."
    assert "+ 1 lost" in told.facts[0]


def test_the_next_steps_can_be_pasted() -> None:
    assert next_steps(None, "sim1-1-0000042") == (
        ".venv/bin/seatline audit",
        ".venv/bin/seatline explain sim1-1-0000042",
        "make status",
    )
    assert next_steps("my state", "c-1") == (
        ".venv/bin/seatline audit --state 'my state'",
        ".venv/bin/seatline explain c-1 --state 'my state'",
        "make status 'STATE=my state'",
    )


@pytest.mark.parametrize(("state", "command"), [(None, "make down"), ("x", "make down STATE=x")])
def test_the_stack_of_the_state_is_taken_down(state: str | None, command: str) -> None:
    assert make("down", state) == command


def test_a_run_without_a_confirm_has_nothing_to_explain() -> None:
    assert next_steps(None, "") == (".venv/bin/seatline audit", "make status")
