import itertools

import pytest

from services.gateway.domain.unsealing import (
    Action,
    Announced,
    Do,
    Drop,
    Event,
    Prohibited,
    ReachedEnd,
    ReportNotUnsealed,
    Step,
    TimePassed,
    Voided,
    WhyNot,
    decide,
)

DIAL_BY = 15_000

EVENTS: list[Event] = [
    ReachedEnd(DIAL_BY - 1),
    ReachedEnd(DIAL_BY),
    Announced(DIAL_BY - 1, DIAL_BY - 1),
    Announced(DIAL_BY - 1, DIAL_BY),
    Announced(DIAL_BY, DIAL_BY),
    Announced(DIAL_BY + 1, DIAL_BY + 1),
    Announced(None, 0),
    Prohibited(WhyNot.WITHDRAWN),
    Prohibited(WhyNot.STOPPED),
    TimePassed(DIAL_BY - 1),
    TimePassed(DIAL_BY),
    *Voided,
]

NOTHING = Do.NOTHING
OVER = Step.OVER

TABLE: dict[Step, list[tuple[Step, Action]]] = {
    Step.WAITING: [
        (Step.ANNOUNCED, Do.ANNOUNCE),
        (OVER, Drop("expired")),
        *[(Step.WAITING, NOTHING)] * 5,
        (OVER, ReportNotUnsealed(WhyNot.WITHDRAWN)),
        (OVER, ReportNotUnsealed(WhyNot.STOPPED)),
        (Step.WAITING, NOTHING),
        (OVER, Drop("expired")),
        (OVER, Drop("higher_generation")),
        (OVER, Drop("stream_lost")),
        (OVER, Drop("attempt_over")),
    ],
    Step.ANNOUNCED: [
        (Step.ANNOUNCED, NOTHING),
        (OVER, ReportNotUnsealed(WhyNot.LATE)),
        (Step.ACKNOWLEDGED, NOTHING),
        (OVER, ReportNotUnsealed(WhyNot.LATE)),
        *[(OVER, Drop("too_late"))] * 2,
        (OVER, ReportNotUnsealed(WhyNot.LATE)),
        (OVER, ReportNotUnsealed(WhyNot.WITHDRAWN)),
        (OVER, ReportNotUnsealed(WhyNot.STOPPED)),
        (Step.ANNOUNCED, NOTHING),
        *[(OVER, ReportNotUnsealed(WhyNot.LATE))] * 3,
        (OVER, Drop("attempt_over")),
    ],
    Step.ACKNOWLEDGED: [
        (OVER, Do.SHOW),
        (OVER, ReportNotUnsealed(WhyNot.LATE)),
        *[(Step.ACKNOWLEDGED, NOTHING)] * 5,
        (OVER, ReportNotUnsealed(WhyNot.WITHDRAWN)),
        (OVER, ReportNotUnsealed(WhyNot.STOPPED)),
        (Step.ACKNOWLEDGED, NOTHING),
        *[(OVER, ReportNotUnsealed(WhyNot.LATE))] * 3,
        (OVER, Drop("attempt_over")),
    ],
    Step.OVER: [(OVER, NOTHING)] * len(EVENTS),
}

CASES = [
    (step, event, expected)
    for step, row in TABLE.items()
    for event, expected in zip(EVENTS, row, strict=True)
]


@pytest.mark.parametrize(("step", "event", "expected"), CASES)
def test_each_event_in_each_step_has_one_answer(
    step: Step, event: Event, expected: tuple[Step, Action]
) -> None:
    assert decide(step, DIAL_BY, event) == expected


def actions_of(events: tuple[Event, ...]) -> list[Action]:
    step, actions = Step.WAITING, []
    for event in events:
        step, action = decide(step, DIAL_BY, event)
        actions.append(action)
    return actions


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_number_is_shown_only_at_the_end_of_facts_behind_a_timely_announcement(
    length: int,
) -> None:
    timely = Announced(DIAL_BY - 1, DIAL_BY - 1)
    for events in itertools.product(EVENTS, repeat=length):
        actions = actions_of(events)
        if Do.SHOW not in actions:
            continue
        shown = actions.index(Do.SHOW)
        assert events[shown] == ReachedEnd(DIAL_BY - 1)
        assert timely in events[actions.index(Do.ANNOUNCE) : shown]
        assert actions.count(Do.SHOW) == actions.count(Do.ANNOUNCE) == 1
        assert not any(isinstance(action, ReportNotUnsealed | Drop) for action in actions)


def test_a_gateway_paused_after_the_confirm_and_woken_after_dial_by_shows_nothing() -> None:
    assert actions_of((ReachedEnd(DIAL_BY + 60_000), Announced(1, 1))) == [
        Drop("expired"),
        NOTHING,
    ]


def test_a_gateway_paused_after_its_announcement_and_woken_after_dial_by_shows_nothing() -> None:
    woken = Announced(DIAL_BY - 5_000, DIAL_BY + 60_000)
    assert actions_of((ReachedEnd(0), woken)) == [Do.ANNOUNCE, ReportNotUnsealed(WhyNot.LATE)]
