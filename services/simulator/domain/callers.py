"""One caller: hears news, acts when due, and wishes; time comes as an argument.

The person goes on while the stream is broken: a talk ends when it ends, its outcome is kept until
the log has it, and what was due meanwhile happens once the session is bound again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.simulator.domain import patience
from services.simulator.domain.calls import Attempt, CallPlan, Reaction
from services.simulator.domain.news import (
    Activity,
    ActivityChanged,
    CallOver,
    News,
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
from services.simulator.domain.wishes import (
    Accept,
    BeReady,
    Decline,
    GiveOutcome,
    HangUp,
    Rest,
    SignIn,
    SignOut,
    Wish,
)

_FOR_NOW = ("busy", "not_acknowledged")
_IN_A_CALL = (Stance.ON_CALL, Stance.WRAP_UP)


@dataclass(slots=True)
class Caller:
    """A caller session and the person behind it.

    Every method that takes `now_ms` returns what the desk is to send, in order; times are
    milliseconds of one monotonic clock.
    """

    session_id: str
    team: Team
    """Of its centre; hears of every change."""
    languages: tuple[str, ...]
    plan_of: Callable[[Attempt], CallPlan]
    stance: Stance = Stance.AWAY
    ready_ms: float = patience.NEVER
    """When the caller last became ready for an offer."""
    stuck: int = 0
    """Accepted offers that nobody ever answered."""
    unsaved: dict[Attempt, GiveOutcome] = field(default_factory=dict)
    """Outcomes that no `Saved` has named; in practice one, rarely two."""
    bound: bool = False
    _connected: bool = False
    _leaving: bool = False
    _token: bytes = b""
    _attempt: Attempt | None = None
    _plan: CallPlan | None = None
    _sign_in_ms: float = patience.NEVER
    _step_ms: float = patience.NEVER
    _resend_ms: float = patience.NEVER

    def __post_init__(self) -> None:
        self.team.join(self.stance)

    @property
    def due_ms(self) -> float:
        """When `act` is to be called next."""
        if self.bound:
            return min(self._step_ms, self._resend_ms)
        return self._sign_in_ms if self._connected else patience.NEVER

    def connected(self, now_ms: float) -> list[Wish]:
        """Sign in on a fresh stream, with the token of the binding before."""
        self._connected = True
        if self._leaving:
            self._sign_in_ms = patience.NEVER
            return []
        self._sign_in_ms = now_ms + patience.ANSWER_MS
        kept = tuple(self.unsaved.values())
        return [SignIn(self.team.centre_id, self.languages, self._token, kept)]

    def disconnected(self) -> None:
        """Note that the stream is gone; what the person does goes on."""
        self._connected = False
        self._bind(bound=False)

    def leave(self) -> list[Wish]:
        """Sign out for good."""
        self._leaving = True
        return [SignOut()] if self.bound else []

    def hurry(self, now_ms: float) -> None:
        """Shorten what is left of a call, and answer even an offer that was to be missed."""
        self._plan = self._plan and self._plan.hurried()
        if self.stance is Stance.OFFERED:
            self._step_ms = min(self._step_ms, now_ms + patience.HURRIED_MS)
        elif self.stance in _IN_A_CALL:
            self._step_ms = now_ms + patience.CLOSING_PACE * (self._step_ms - now_ms)

    def act(self, now_ms: float) -> list[Wish]:
        """Do what is due."""
        if not self.bound:
            return self.connected(now_ms) if now_ms >= self._sign_in_ms else []
        wishes: list[Wish] = []
        if now_ms >= self._resend_ms:
            wishes += self._resend(now_ms)
        if now_ms >= self._step_ms:
            wishes += self._step(now_ms)
        return wishes

    def hear(self, news: News, now_ms: float, wall_ms: int) -> list[Wish]:
        """Take in a piece of news.

        Args:
            news: What the stream said.
            now_ms: When it was read, monotonic.
            wall_ms: The same moment by the wall clock, for what carries broker time.
        """
        match news:
            case SignedIn():
                return self._signed_in(news, now_ms)
            case Offered():
                return self._offered(news.attempt, now_ms)
            case NumberShown():
                self._number(news, now_ms, wall_ms)
            case Saved():
                self._saved(news)
            case _:
                self._hear_setback(news, now_ms)
        return []

    def _hear_setback(self, news: News, now_ms: float) -> None:
        match news:
            case OfferGone() | CallOver():
                self._over(news.attempt, now_ms)
            case SignedOut():
                self._signed_out(now_ms)
            case WishRefused():
                self._refused(news, now_ms)
            # A rest of the caller's own is known here; another is the dispatcher's doing.
            case ActivityChanged(Activity.PAUSED) if self.stance is not Stance.RESTING:
                self._rest(now_ms, patience.AGAIN_MS)
            case _:
                pass

    # --- binding ---------------------------------------------------------------------------------

    def _signed_in(self, news: SignedIn, now_ms: float) -> list[Wish]:
        if self.bound and news.token == self._token:
            return []  # the answer to a sign-in that was sent twice
        self._bind(bound=True)
        self._token, self._sign_in_ms = news.token, patience.NEVER
        if self._leaving:
            return [SignOut()]
        wishes = [*self._resend(now_ms), *self._take_up(news.activity, now_ms)]
        if self.stance is Stance.AWAY:
            self._be_ready(now_ms)
        return wishes

    def _take_up(self, activity: Activity, now_ms: float) -> list[Wish]:
        """Go on from what the session is found doing."""
        accepted = self._attempt if self.stance is Stance.ACCEPTED else None
        match activity:
            case Activity.AVAILABLE:
                wishes = self._give_outcome(now_ms) if self.stance in _IN_A_CALL else []
                self._be_ready(now_ms)
                return wishes
            case Activity.OFFERED if accepted is not None:
                return [Accept(accepted)]
            case Activity.ON_CALL if accepted is not None:
                # The number went to the stream that is gone and is not shown again.
                return [HangUp(accepted), BeReady()]
            case Activity.PAUSED:
                self._rest(now_ms, patience.AGAIN_MS)
            case _:
                pass
        return []

    def _signed_out(self, now_ms: float) -> None:
        self._bind(bound=False)
        self._stand(Stance.AWAY, patience.NEVER)
        self._token, self._attempt = b"", None
        self._sign_in_ms = patience.NEVER if self._leaving else now_ms + patience.AGAIN_MS

    # --- offer and call --------------------------------------------------------------------------

    def _offered(self, attempt: Attempt, now_ms: float) -> list[Wish]:
        if attempt == self._attempt or self.stance is Stance.RESTING:
            return []  # told again after a reconnect, or to somebody who has just left the desk
        wishes = self._give_outcome(now_ms) if self.stance in _IN_A_CALL else []
        self._attempt, self._plan = attempt, self.plan_of(attempt)
        misses = self._plan.reaction is Reaction.MISS
        self._stand(Stance.OFFERED, patience.NEVER if misses else now_ms + self._plan.think_ms)
        return wishes

    def _number(self, news: NumberShown, now_ms: float, wall_ms: int) -> None:
        attempt = news.attempt
        known = attempt == self._attempt
        if attempt in self.unsaved or (known and self.stance in _IN_A_CALL):
            return  # shown again after a reconnect
        plan = self._plan if known and self._plan is not None else self.plan_of(attempt)
        self._attempt, self._plan = attempt, plan
        # Past `dial_by` nobody dials: the attempt ends with what the caller can say of it.
        talk_ms = plan.talk_ms if wall_ms <= news.dial_by_ms else 0.0
        self._stand(Stance.ON_CALL, now_ms + talk_ms)

    def _over(self, attempt: Attempt, now_ms: float) -> None:
        if attempt == self._attempt and self.stance not in (Stance.READY, Stance.RESTING):
            self._be_ready(now_ms)

    def _saved(self, news: Saved) -> None:
        self.unsaved.pop(news.attempt, None)
        if not self.unsaved:
            self._resend_ms = patience.NEVER

    def _refused(self, news: WishRefused, now_ms: float) -> None:
        again_ms = now_ms + patience.AGAIN_MS
        match news.wish:
            case _ if news.wish == "sign_in" or news.reason == "not_signed_in":
                self._bind(bound=False)
                self._sign_in_ms = again_ms
            case "outcome":
                self._resend_ms = again_ms
            case "ready" if news.reason in _FOR_NOW and self.stance is Stance.READY:
                self._stand(Stance.RESTING, again_ms)
            case "accept" if news.attempt == self._attempt and self.stance is Stance.ACCEPTED:
                if news.reason in _FOR_NOW:
                    self._stand(Stance.OFFERED, again_ms)
                else:
                    self._be_ready(now_ms)
            case _:
                pass

    # --- what is due -----------------------------------------------------------------------------

    def _step(self, now_ms: float) -> list[Wish]:
        match self.stance:
            case Stance.OFFERED:
                return self._answer(now_ms)
            case Stance.ACCEPTED:
                return self._give_up(now_ms)
            case Stance.ON_CALL:
                return self._end_talk(now_ms)
            case Stance.WRAP_UP:
                return self._give_outcome(now_ms)
            case Stance.RESTING:
                self._be_ready(now_ms)
                return [BeReady()]
            case Stance.AWAY | Stance.READY:
                self._step_ms = patience.NEVER
                return []

    def _answer(self, now_ms: float) -> list[Wish]:
        attempt, plan = self._current()
        if plan.reaction is Reaction.DECLINE:
            self._be_ready(now_ms)
            return [Decline(attempt)]
        self._stand(Stance.ACCEPTED, now_ms + patience.STUCK_MS)
        return [Accept(attempt)]

    def _give_up(self, now_ms: float) -> list[Wish]:
        self.stuck += 1
        self._be_ready(now_ms)
        return []

    def _end_talk(self, now_ms: float) -> list[Wish]:
        attempt, plan = self._current()
        if plan.wrap_up_ms == 0:
            return self._give_outcome(now_ms)
        self._stand(Stance.WRAP_UP, now_ms + plan.wrap_up_ms)
        return [HangUp(attempt)]

    def _give_outcome(self, now_ms: float) -> list[Wish]:
        attempt, plan = self._current()
        outcome = GiveOutcome(attempt, plan.disposition, plan.talk_ms)
        self.unsaved[attempt] = replace(outcome, again=True)
        self._resend_ms = now_ms + patience.ANSWER_MS
        if plan.rest_ms > 0:
            self.ready_ms = now_ms  # an offer may come before the rest is known
            self._rest(now_ms, plan.rest_ms)
            return [outcome, Rest("break")]
        self._be_ready(now_ms)
        return [outcome]

    def _resend(self, now_ms: float) -> list[Wish]:
        self._resend_ms = now_ms + patience.ANSWER_MS if self.unsaved else patience.NEVER
        return list(self.unsaved.values())

    def _current(self) -> tuple[Attempt, CallPlan]:
        if self._attempt is None or self._plan is None:
            raise AssertionError(f"{self.session_id} is {self.stance.value} without an attempt")
        return self._attempt, self._plan

    def _be_ready(self, now_ms: float) -> None:
        self._attempt, self._plan, self.ready_ms = None, None, now_ms
        self._stand(Stance.READY, patience.NEVER)

    def _rest(self, now_ms: float, rest_ms: float) -> None:
        self._attempt, self._plan = None, None
        self._stand(Stance.RESTING, now_ms + rest_ms)

    def _bind(self, *, bound: bool) -> None:
        self.team.bound += bound - self.bound
        self.bound = bound

    def _stand(self, stance: Stance, step_ms: float) -> None:
        self.team.move(self.stance, stance)
        self.stance, self._step_ms = stance, step_ms
