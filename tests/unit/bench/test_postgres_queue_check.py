from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bench.peers.postgres_queue.check import ContactRow, Findings, Holding, check


@dataclass
class Run:
    """A clean run of two callers, to be spoilt: a and b finished, c at a caller, d waiting."""

    journal: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, ContactRow] = field(default_factory=dict)
    holdings: list[Holding] = field(default_factory=list)
    extra: list[ContactRow] = field(default_factory=list)

    def acknowledged(self, contact: str) -> None:
        self.journal.append({"kind": "acknowledged", "contact": contact})

    def seen(self, kind: str, session: str, contact: str, attempt: int = 1) -> None:
        moment = {"wall_ms": 1_000, "dial_by_ms": 2_000, "dialled": True}
        told = {"kind": kind, "session": session, "attempt": (contact, 1, attempt)}
        self.journal.append(told | moment)

    def called(self, session: str, contact: str) -> None:
        for kind in ("offer", "number", "outcome", "saved"):
            self.seen(kind, session, contact)

    def put(self, contact: str, **changes: Any) -> None:
        self.rows[contact] = self.rows[contact]._replace(**changes)

    def judge(self) -> Findings:
        return check(self.journal, [*self.rows.values(), *self.extra], self.holdings)


@pytest.fixture
def clean() -> Run:
    run = Run()
    for contact in "abcd":
        run.acknowledged(contact)
    run.called("s1", "a")
    run.called("s2", "b")
    run.seen("offer", "s1", "c")
    run.seen("number", "s1", "c")
    run.holdings = [Holding("s1", "c")]
    run.rows = {
        "a": ContactRow("a", "ended", 1, "s1", 1, 10.0, 12.0),
        "b": ContactRow("b", "ended", 1, "s2", 1, 10.0, 13.0),
        "c": ContactRow("c", "confirmed", 1, "s1", 1, 12.0, None),
        "d": ContactRow("d", "waiting", 0, None, 0, None, None),
    }
    return run


def test_a_clean_history_is_accepted(clean: Run) -> None:
    found = clean.judge()
    assert found.ok, found.faults
    assert (found.contacts, found.finished, found.open) == (4, 2, 2)
    assert not found.faults


def test_an_attempt_that_was_declined_before_another_took_it_is_clean(clean: Run) -> None:
    clean.seen("offer", "s2", "d")
    clean.seen("offer", "s2", "d", attempt=2)
    clean.put("d", state="offered", attempt=2, session="s2", offered_s=14.0)
    clean.holdings.append(Holding("s2", "d"))
    assert clean.judge().ok


def no_row(run: Run) -> None:
    del run.rows["d"]


def outcome_gone(run: Run) -> None:
    run.put("b", state="wrap_up", ended_s=None)
    run.holdings.append(Holding("s2", "b"))


def outcome_of_another_attempt(run: Run) -> None:
    run.put("b", attempt=2)


def given_to_nobody(run: Run) -> None:
    run.holdings.clear()


def never_confirmed(run: Run) -> None:
    run.put("a", confirms=0)


@pytest.mark.parametrize(
    ("spoil", "who"),
    [
        (no_row, "d"),
        (outcome_gone, "b"),
        (outcome_of_another_attempt, "b"),
        (given_to_nobody, "c"),
        (never_confirmed, "a"),
    ],
)
def test_a_planted_loss_is_found(clean: Run, spoil: Callable[[Run], None], who: str) -> None:
    spoil(clean)
    found = clean.judge()
    assert not found.ok
    assert found.lost == {who}


def confirmed_twice(run: Run) -> None:
    run.put("a", confirms=2)


def shown_to_two(run: Run) -> None:
    run.seen("number", "s2", "a", attempt=2)


def shown_to_one_and_given_to_another(run: Run) -> None:
    run.put("a", session="s3")


def in_two_rows(run: Run) -> None:
    run.extra.append(run.rows["a"])


def confirmed_while_waiting(run: Run) -> None:
    run.put("d", confirms=1)


def never_acknowledged(run: Run) -> None:
    run.extra.append(ContactRow("x", "waiting", 0, None, 0, None, None))


def held_by_two(run: Run) -> None:
    run.holdings.append(Holding("s2", "c"))


def held_after_its_end(run: Run) -> None:
    run.holdings.append(Holding("s2", "b"))


@pytest.mark.parametrize(
    ("spoil", "who"),
    [
        (confirmed_twice, "a"),
        (shown_to_two, "a"),
        (shown_to_one_and_given_to_another, "a"),
        (in_two_rows, "a"),
        (confirmed_while_waiting, "d"),
        (never_acknowledged, "x"),
        (held_by_two, "c"),
        (held_after_its_end, "b"),
    ],
)
def test_a_planted_double_is_found(clean: Run, spoil: Callable[[Run], None], who: str) -> None:
    spoil(clean)
    found = clean.judge()
    assert not found.ok
    assert who in found.doubled


def test_a_caller_with_two_contacts_is_found_by_the_times_in_the_rows(clean: Run) -> None:
    clean.put("c", offered_s=11.9)
    assert clean.judge().doubled == {"s1"}


def test_a_caller_with_two_offers_is_found_by_the_times_in_the_rows(clean: Run) -> None:
    clean.put("d", state="offered", attempt=1, session="s1", offered_s=12.5)
    clean.holdings.append(Holding("s1", "d"))
    assert clean.judge().doubled == {"s1"}


def test_a_caller_in_two_calls_is_found_by_what_it_saw(clean: Run) -> None:
    clean.seen("number", "s1", "d")
    clean.put("d", state="confirmed", attempt=1, session="s1", confirms=1, offered_s=None)
    clean.holdings.append(Holding("s1", "d"))
    assert clean.judge().doubled == {"s1"}
