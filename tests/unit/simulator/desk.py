"""One caller at a desk, and what its gateway says."""

from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.news import Activity, News, NumberShown, Offered, SignedIn
from services.simulator.domain.team import Team
from services.simulator.domain.wishes import GiveOutcome, Wish

ONE = Attempt("run-1", 1, 1)
TWO = Attempt("run-2", 1, 1)
WALL = 1_770_000_000_000


def plan(
    reaction: Reaction = Reaction.ACCEPT, wrap_up_ms: float = 0.0, rest_ms: float = 0.0
) -> CallPlan:
    return CallPlan(
        reaction=reaction,
        think_ms=100.0,
        talk_ms=10_000.0,
        wrap_up_ms=wrap_up_ms,
        disposition=Disposition.REACHED,
        rest_ms=rest_ms,
    )


class Desk:
    """Plays the gateway to one caller."""

    def __init__(self, course: CallPlan | None = None) -> None:
        self.caller = Caller("run-s1", Team("C001"), ("te",), lambda _: course or plan())
        self.now = 1_000.0

    def connect(self) -> list[Wish]:
        return self.caller.connected(self.now)

    def hear(self, news: News) -> list[Wish]:
        return self.caller.hear(news, self.now, WALL)

    def signed_in(
        self, activity: Activity = Activity.AVAILABLE, token: bytes = b"t1"
    ) -> list[Wish]:
        return self.hear(SignedIn(token, activity, resumed=False))

    def until_due(self) -> list[Wish]:
        self.now = self.caller.due_ms
        return self.caller.act(self.now)

    def on_call(self) -> "Desk":
        self.connect()
        self.signed_in()
        self.hear(Offered(ONE))
        self.until_due()
        self.hear(NumberShown(ONE, "+911000000001", WALL + 15_000))
        return self


def outcome(again: bool = False) -> GiveOutcome:
    return GiveOutcome(ONE, Disposition.REACHED, 10_000.0, again=again)
