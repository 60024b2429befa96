from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.news import Activity, NumberShown, Offered, SignedIn
from services.simulator.domain.patience import HURRIED_MS
from services.simulator.domain.team import Team
from services.simulator.domain.wishes import Accept, GiveOutcome, HangUp

ONE = Attempt("run-1", 1, 1)
WALL = 1_770_000_000_000


def signed_in(reaction: Reaction = Reaction.ACCEPT) -> Caller:
    """Give a caller whose talks take 10 s and whose wrap-ups take 2 s."""
    course = CallPlan(reaction, 100.0, 10_000.0, 2_000.0, Disposition.REACHED, 0.0)
    caller = Caller("run-s1", Team("C001"), ("te",), lambda _: course)
    caller.connected(0.0)
    caller.hear(SignedIn(b"t1", Activity.AVAILABLE, resumed=False), 0.0, WALL)
    return caller


def test_what_is_left_of_talk_and_wrap_up_is_shortened_to_a_fifth() -> None:
    caller = signed_in()
    caller.hear(Offered(ONE), 0.0, WALL)
    caller.act(caller.due_ms)
    caller.hear(NumberShown(ONE, "+911000000001", WALL + 15_000), 1_000.0, WALL)
    assert caller.due_ms == 11_000.0
    caller.hurry(6_000.0)
    assert caller.due_ms == 7_000.0
    assert caller.act(7_000.0) == [HangUp(ONE)]
    assert caller.due_ms == 7_400.0
    outcome = GiveOutcome(ONE, Disposition.REACHED, 2_000.0, again=False)
    assert caller.act(7_400.0) == [outcome]


def test_an_offer_that_was_to_be_missed_is_answered_in_a_hurry() -> None:
    caller = signed_in(Reaction.MISS)
    caller.hear(Offered(ONE), 0.0, WALL)
    caller.hurry(1_000.0)
    assert caller.due_ms == 1_000.0 + HURRIED_MS
    assert caller.act(caller.due_ms) == [Accept(ONE)]
    caller.hear(NumberShown(ONE, "+911000000001", WALL + 15_000), 2_000.0, WALL)
    assert caller.due_ms == 4_000.0


def test_who_is_ready_has_nothing_to_hurry_with() -> None:
    caller = signed_in()
    before_ms = caller.due_ms
    caller.hurry(1_000.0)
    assert caller.due_ms == before_ms
