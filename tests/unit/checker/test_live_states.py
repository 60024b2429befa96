import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.dispatcher.domain import inputs
from tests.checker.asking import ask
from tests.checker.check import Report, check
from tests.checker.differing import DIFFERENCES_MAX
from tests.checker.history import Answer
from tests.checker.report import as_json, as_text
from tests.support.builders import S, stream_lost
from tests.support.checked_history import WrittenHistory
from tests.support.clean_day import CleanDay, clean_day

Part = dict[str, Any]
FACTS_0 = "seatline.facts.v1/0"


def looked_at(spoil: Callable[[WrittenHistory], object] = lambda _: None) -> Report:
    history = clean_day()
    history.tables = None
    spoil(history)
    return check(history.frozen())


def contact(part: Part, contact_id: str) -> Part:
    found: Part = next(each for each in part["contacts"] if each["contact_id"] == contact_id)
    return found


def session(part: Part, activity: str) -> Part:
    return next(dict(each) for each in part["sessions"] if each["activity"] == activity)


def stories(report: Report) -> list[str]:
    return [found.story for found in report.findings.kept]


def test_the_state_of_a_clean_day_is_compared_and_accepted() -> None:
    report = looked_at()
    assert report.ok, report.findings.kept
    judged = as_json(report)["live"]
    assert (judged["partitions"], judged["not_judged"]) == (2, [])
    assert judged["contacts"] >= 3
    assert judged["sessions"] == 6
    told = clean_day().told[-1]
    assert {each["place"] for each in told["contacts"]} == {"queued", "offered", "on_call"}


def test_an_owner_that_was_overtaken_since_is_held_against_what_it_had_read() -> None:
    fenced_out, owner = clean_day().told
    assert fenced_out["epoch"] < owner["epoch"]
    report = looked_at(lambda history: history.told.pop())
    assert report.ok, report.findings.kept
    assert report.live.partitions == 1


def test_a_session_that_is_suspect_gone_or_paused_is_folded_as_it_is_remembered() -> None:
    day = CleanDay()
    day.open(["s1", "s2", "s3"])
    day.route("called")
    holder = day.dial("called")
    other = next(name for name in ("s1", "s2", "s3") if name != holder)
    day.decide(inputs.Pause(other, 1, "lunch"))
    day.decide(stream_lost(holder))
    day.tell()
    day.passing(15 * S)
    day.tell()
    told = [session(part, "on_call")["presence"] for part in day.history.told]
    assert told == ["suspect", "gone"]
    assert session(day.history.told[-1], "paused")["session_id"] == other
    report = check(day.history.frozen())
    assert report.ok, report.findings.kept
    assert report.live.partitions == 2


@pytest.mark.parametrize("field", ["place", "attempt", "session_id"])
def test_a_contact_that_stands_elsewhere_is_found(field: str) -> None:
    wrong = 7 if field == "attempt" else "elsewhere"

    report = looked_at(lambda history: contact(history.told[-1], "on-call").update({field: wrong}))
    (found,) = report.findings.kept
    assert found.rule.name == "live_state"
    assert (found.about.contact_id, found.about.release) == ("on-call", 1)
    assert f"dispatcher-1 says {field} {wrong!r}" in found.story


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("activity", "available"),
        ("presence", "suspect"),
        ("generation", 9),
        ("centre_id", "C999"),
        ("holds", None),
    ],
)
def test_a_session_that_stands_elsewhere_is_found(field: str, wrong: object) -> None:
    def spoil(history: WrittenHistory) -> None:
        sessions = history.told[-1]["sessions"]
        next(each for each in sessions if each["activity"] == "on_call")[field] = wrong

    report = looked_at(spoil)
    (found,) = report.findings.kept
    assert found.about.session_id == session(clean_day().told[-1], "on_call")["session_id"]
    assert f"dispatcher-1 says {field} {wrong!r}" in found.story


def test_what_the_log_does_not_have_is_found_as_well() -> None:
    def spoil(history: WrittenHistory) -> None:
        part = history.told[-1]
        part["contacts"].append(contact(part, "waiting") | {"contact_id": "planted"})
        part["sessions"].append(session(part, "on_call") | {"session_id": "nobody"})

    report = looked_at(spoil)
    assert {(f.about.contact_id, f.about.session_id) for f in report.findings.kept} == {
        ("planted", ""),
        ("", "nobody"),
    }
    assert all("the log says nothing" in story for story in stories(report))


@pytest.mark.parametrize(
    ("field", "change"),
    [("epoch", -1), ("seq", 1), ("seq", -1), ("next_offset", -1), ("next_offset", 1)],
)
def test_a_process_that_does_not_stand_where_it_says_is_found(field: str, change: int) -> None:
    def spoil(history: WrittenHistory) -> None:
        history.told[-1][field] += change

    report = looked_at(spoil)
    assert report.findings.counts == {"live_position": 1}
    assert report.live.partitions == 1, "what is told of no place cannot be compared"


def test_what_runs_ahead_of_the_log_is_found() -> None:
    """A state that holds the record under way is told with the place before it."""

    def spoil(history: WrittenHistory) -> None:
        before, after = history.told
        before["contacts"], before["sessions"] = after["contacts"], after["sessions"]

    assert looked_at(spoil).findings.counts.keys() == {"live_state"}


def test_a_memory_that_is_lost_altogether_does_not_drown_everything_else() -> None:
    def spoil(history: WrittenHistory) -> None:
        part = history.told[-1]
        waiting = contact(part, "waiting")
        part["contacts"] += [waiting | {"contact_id": f"c{n}"} for n in range(DIFFERENCES_MAX + 9)]

    assert looked_at(spoil).findings.counts == {"live_state": DIFFERENCES_MAX}


# --- what is not judged --------------------------------------------------------------------------


def test_a_partition_that_nobody_told_is_named_as_not_judged() -> None:
    report = looked_at(lambda history: history.told.clear())
    assert report.ok
    judged = as_json(report)["live"]
    assert judged["not_judged"] == [f"{FACTS_0}: no dispatcher told its state"]
    assert (judged["partitions"], judged["contacts"], judged["sessions"]) == (0, 0, 0)
    assert f"not judged: {FACTS_0}: no dispatcher told its state" in as_text(report)


def test_a_partition_that_is_not_there_is_named_as_not_judged() -> None:
    report = looked_at(lambda history: history.told[-1].update(partition=7))
    assert report.live.not_judged == ["seatline.facts.v1/7 was told, and is not there"]


def test_an_answer_that_is_none_is_named_as_not_judged() -> None:
    def spoil(history: WrittenHistory) -> None:
        del history.told[-1]["contacts"][0]["place"]

    report = looked_at(spoil)
    assert report.live.not_judged == ["dispatcher-1: KeyError('place') in its answer"]
    assert report.live.partitions == 1


def test_what_stands_behind_a_gap_is_named_as_not_judged() -> None:
    def spoil(history: WrittenHistory) -> None:
        history.told[-1]["next_offset"] -= 1
        del history.logs["seatline.facts.v1", 0][-20]

    report = looked_at(spoil)
    assert "live_position" not in report.findings.counts
    assert report.live.not_judged == [f"{FACTS_0} of dispatcher-1: it is behind a gap"]


# --- asking --------------------------------------------------------------------------------------


@contextmanager
def dispatcher(status: int, body: bytes) -> Iterator[str]:
    """Serve one page, whatever the path, and give its address as a page of health."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/floor" else 418)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/readyz"
        finally:
            server.shutdown()
            thread.join()


def test_every_dispatcher_of_a_stack_is_asked_and_nobody_else() -> None:
    page = {"slot": "dispatcher-0", "partitions": []}
    with dispatcher(200, json.dumps(page).encode()) as health:
        answers = ask({"router-0": health, "dispatcher-0": health, "dispatcher-1": health})
    assert answers == [Answer("dispatcher-0", page), Answer("dispatcher-1", page)]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (503, b'{"ok": false, "error": "the loop stands still"}', "503: the loop stands still"),
        (404, b"there are /metrics", "404: it tells no state"),
        (200, b"half an ans", "does not answer: Expecting value"),
    ],
)
def test_a_dispatcher_that_tells_nothing_says_why(status: int, body: bytes, why: str) -> None:
    with dispatcher(status, body) as health:
        (answer,) = ask({"dispatcher-0": health})
    assert answer.page is None
    assert why in answer.why


def test_a_dispatcher_that_is_dead_is_said_not_to_answer() -> None:
    with dispatcher(200, b"{}") as health:
        pass
    (answer,) = ask({"dispatcher-0": health})
    assert answer.page is None
    assert "does not answer" in answer.why
