from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.news import (
    Activity,
    ActivityChanged,
    CallOver,
    NumberShown,
    Offered,
    OfferGone,
    Saved,
    SignedIn,
    SignedOut,
    WishRefused,
)
from services.simulator.domain.stance import Stance
from services.simulator.domain.team import Team

ONE, TWO = Attempt("run-1", 1, 1), Attempt("run-2", 1, 1)
NEWS = [
    SignedIn(b"t", Activity.AVAILABLE, resumed=False),
    SignedIn(b"u", Activity.ON_CALL, resumed=True),
    Offered(ONE),
    Offered(TWO),
    NumberShown(ONE, "+911000000001", 2**62),
    OfferGone(ONE, "expired"),
    CallOver(ONE, "lease"),
    Saved(ONE),
    ActivityChanged(Activity.PAUSED),
    WishRefused("accept", "busy", ONE),
    WishRefused("ready", "not_signed_in", None),
    SignedOut("asked"),
]
STEPS = st.sampled_from(["connect", "break", "act", *NEWS])


def plan(attempt: Attempt) -> CallPlan:
    wraps_up = attempt is ONE
    rest_ms = 0.0 if wraps_up else 50.0
    wrap_up_ms = 50.0 if wraps_up else 0.0
    return CallPlan(Reaction.ACCEPT, 10.0, 100.0, wrap_up_ms, Disposition.REACHED, rest_ms)


@given(st.lists(st.tuples(st.integers(0, 1), STEPS), max_size=40))
def test_a_team_counts_what_a_walk_over_its_callers_would(steps: list[tuple[int, object]]) -> None:
    team = Team("C1")
    callers = [Caller(f"run-s{number}", team, ("hi",), plan) for number in range(2)]
    for now, (number, step) in enumerate(steps):
        caller, now_ms = callers[number], now * 100.0
        match step:
            case "connect":
                caller.connected(now_ms)
            case "break":
                caller.disconnected()
            case "act":
                caller.act(now_ms)
            case _:
                caller.hear(step, now_ms, 0)
        walked = Counter(caller.stance for caller in callers)
        assert team.doing == {stance: walked[stance] for stance in Stance}
        assert team.bound == sum(caller.bound for caller in callers)
    assert team.size == 2
