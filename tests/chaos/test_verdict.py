import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.chaos.__main__ import conclude
from tests.chaos.course import NEVER_S, Event
from tests.chaos.verdict import Evidence, report
from tests.support.chaos_records import Came, event

CLEAN_LOAD = {
    "contacts": 100,
    "offers": 104,
    "finished": 95,
    "refused": 1,
    "held": 2,
    "returned": 2,
    "open": 0,
    "lost": 0,
    "doubled": 0,
    "stuck": 0,
    "stream_breaks": 3,
}
CLEAN_AUDIT = {"ok": True, "lost": 0, "doubled": 0, "open": 0, "deep": {"ok": True, "found": {}}}
KEYS = {
    *("ok", "bars_missed", "faults", "by_kind", "contacts", "offers", "finished", "lost"),
    *("doubled", "stuck", "recovery_s", "verdict", "not_done", "rss_growth_mb_per_min"),
}


def judged(
    *,
    load: dict[str, Any] | None = None,
    audit: dict[str, Any] | None = None,
    events: Sequence[Event] = (),
    **more: Any,
) -> dict[str, Any]:
    evidence = Evidence(events, CLEAN_LOAD | (load or {}), CLEAN_AUDIT | (audit or {}), **more)
    return report(evidence, 422.0, 1)


def kills(*seconds: float) -> list[Event]:
    return [event("kill_dispatcher", Came(each)) for each in seconds]


def test_a_run_in_which_all_was_kept_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    found = judged(events=kills(1.2))
    assert found.keys() >= KEYS
    assert (found["verdict"], found["violations"], conclude(found)) == ("ok", [], 0)
    assert json.loads(capsys.readouterr().out)["recovery_s"]["kill_dispatcher"]["n"] == 1


@pytest.mark.parametrize(
    ("planted", "sentence"),
    [
        ({"load": {"lost": 1, "finished": 94}}, "lost: 1 of 100 contacts"),
        ({"audit": {"ok": False, "lost": 1}}, "lost: 1 of 100 contacts"),
        ({"load": {"doubled": 1}}, "doubled: 1 of 100 contacts"),
        ({"audit": {"ok": False, "doubled": 2}}, "doubled: 2 of 100 contacts"),
        ({"load": {"stuck": 1}}, "stuck: 1 callers accepted an offer that nobody ever answered"),
        (
            {"load": {"open": 3, "finished": 92}},
            "no rest: 3 contacts were still open when time was up",
        ),
        ({"load": {"finished": 94}}, "contacts do not add up to the places where they are"),
        (
            {"audit": {"ok": False}},
            "audit: it has findings; `seatline audit --deep` names them",
        ),
    ],
)
def test_what_is_lost_doubled_stuck_or_open_violates(
    planted: dict[str, Any], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = judged(**planted)
    assert (found["verdict"], found["violations"], conclude(found)) == ("violated", [sentence], 1)
    told = capsys.readouterr()
    assert f"violated: {sentence}" in told.err
    assert json.loads(told.out.splitlines()[-1])["ok"] is False


def test_a_finding_of_the_checker_violates_and_is_told() -> None:
    found = {"rule": "shown_twice", "story": "c-1/1 was shown to A and to B"}
    audit = {"ok": False, "deep": {"ok": False, "found": {"shown_twice": 1}, "findings": [found]}}
    assert judged(audit=audit)["violations"] == [
        "checker, shown_twice: c-1/1 was shown to A and to B"
    ]


def test_a_fault_that_is_never_over_violates_with_its_sentence() -> None:
    (told,) = judged(events=[event("kill_dispatcher", Came(None, never=True))])["violations"]
    assert told == (
        "dispatcher-0 is killed: partition 1 of seatline.facts.v1 does not decide again"
    )


def test_a_fault_that_is_over_beyond_all_patience_violates() -> None:
    (told,) = judged(events=kills(NEVER_S + 0.5))["violations"]
    assert told == "dispatcher-0 is killed: decided again after 60.5 s, which is beyond 60 s"


def test_a_fault_that_touched_nobody_is_counted_and_has_no_recovery() -> None:
    found = judged(events=[event("kill_dispatcher", Came(None))])
    assert (found["ok"], found["by_kind"]) == (True, {"kill_dispatcher": 1})
    assert found["recovery_s"] == {}


def test_a_bar_that_is_missed_at_p95_is_named_with_its_n_and_violates_nothing() -> None:
    found = judged(events=kills(1.0, 1.2, 5.5))
    assert found["bars_missed"] == ["kill_dispatcher: p95 5.5 s > 5 s (n 3)"]
    assert found["ok"]


def test_too_few_faults_say_nothing_about_a_bar() -> None:
    assert judged(events=kills(1.0, 5.5))["bars_missed"] == []


def test_a_slow_takeover_misses_its_bar() -> None:
    slow = kills(3.0, 3.0, 3.0)
    for each in slow:
        each.sign.takeover_s.append(2.4)
    assert judged(events=slow)["bars_missed"] == ["takeover: p95 2.4 s > 2 s (n 3)"]


def test_a_process_that_grows_misses_its_bar() -> None:
    found = judged(growth={"gateway-0": 1.2, "router-0": 0.4, "recorder-0": None})
    assert found["bars_missed"] == ["memory: gateway-0 grows by 1.2 MB/min > 1"]


def test_what_was_not_done_is_named_with_its_reason() -> None:
    assert judged(not_done={"clock_router": "there is no C compiler"})["not_done"] == {
        "clock_router": "there is no C compiler"
    }
