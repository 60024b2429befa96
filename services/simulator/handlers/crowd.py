"""All callers of a run: hand them news and time, hand on their wishes, note what they saw."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.simulator.domain.agenda import Agenda
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import Tally
from services.simulator.domain.news import (
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
from services.simulator.domain.wishes import GiveOutcome, Wish
from services.simulator.ports import Desks, Journal, Ticks


@dataclass(slots=True)
class Workplace:
    """A caller and the desk that it sits at."""

    caller: Caller
    desk: int


def seat(teams: Sequence[Sequence[Caller]], desks: int) -> list[Workplace]:
    """Give each centre's callers one desk; centres share desks in turn when these are fewer."""
    return [
        Workplace(caller, number % desks) for number, team in enumerate(teams) for caller in team
    ]


class Crowd:
    """Drives all callers; everything here runs on one event loop."""

    def __init__(
        self, seats: Sequence[Workplace], tally: Tally, journal: Journal, ticks: Ticks
    ) -> None:
        self._seats = seats
        self._tally = tally
        self._journal = journal
        self._ticks = ticks
        self._agenda = Agenda(len(seats))
        self._by_session = {seat.caller.session_id: n for n, seat in enumerate(seats)}
        self._by_desk: dict[int, list[int]] = {}
        for number, seat in enumerate(seats):
            self._by_desk.setdefault(seat.desk, []).append(number)
        self.teams = tuple(dict.fromkeys(seat.caller.team for seat in seats))
        self._desks: Desks | None = None
        self.outcome_sent: Callable[[Attempt, float], None] = _ignore
        """Called at the first sending of each outcome."""

    def sit_at(self, desks: Desks) -> None:
        """Say where wishes go; the desks need the crowd for their news, so this comes second."""
        self._desks = desks

    # --- from the desks --------------------------------------------------------------------------

    def connected(self, desk: int) -> None:
        """Sign in everybody at a desk whose stream is fresh."""
        now_ms = self._ticks.now_ms()
        for number in self._by_desk[desk]:
            self._tell(number, self._seats[number].caller.connected(now_ms), now_ms)
        self._journal.write("connected", desk=desk)

    def disconnected(self, desk: int) -> None:
        """Note that the stream of a desk has ended."""
        for number in self._by_desk[desk]:
            self._seats[number].caller.disconnected()
        self._journal.write("disconnected", desk=desk)

    def heard(self, session_id: str, news: News, read_ms: float) -> None:
        """Hand news to its caller.

        Args:
            session_id: As the frame named it; unknown ones are journalled and dropped.
            news: What was said.
            read_ms: Monotonic time at which the frame was read.
        """
        number = self._by_session.get(session_id)
        if number is None:
            self._journal.write("unknown_session", session=session_id)
            return
        caller = self._seats[number].caller
        wall_ms = self._ticks.wall_ms()
        if isinstance(news, Offered):
            self._tally.offered(news.attempt, caller.ready_ms, read_ms)
        self._note(session_id, news, wall_ms)
        self._tell(number, caller.hear(news, read_ms, wall_ms), read_ms)

    # --- from the clock --------------------------------------------------------------------------

    def act(self) -> None:
        """Do what is due."""
        now_ms = self._ticks.now_ms()
        for number in self._agenda.take(now_ms):
            caller = self._seats[number].caller
            wishes = caller.act(now_ms) if caller.due_ms <= now_ms else []
            self._tell(number, wishes, now_ms)

    def hurry(self) -> None:
        """Have everybody come to the end of what goes on: nothing more is measured."""
        now_ms = self._ticks.now_ms()
        for number, seat in enumerate(self._seats):
            seat.caller.hurry(now_ms)
            self._agenda.put(number, seat.caller.due_ms)

    def leave(self) -> None:
        """Sign everybody out."""
        now_ms = self._ticks.now_ms()
        for number, seat in enumerate(self._seats):
            self._tell(number, seat.caller.leave(), now_ms)

    # --- what can be asked -----------------------------------------------------------------------

    @property
    def bound(self) -> int:
        """Sessions that are bound to a stream now."""
        return sum(team.bound for team in self.teams)

    @property
    def unsaved(self) -> int:
        """Outcomes that no desk was told are saved."""
        return sum(len(seat.caller.unsaved) for seat in self._seats)

    @property
    def stuck(self) -> int:
        """Accepted offers that nobody ever answered."""
        return sum(seat.caller.stuck for seat in self._seats)

    # --- little ----------------------------------------------------------------------------------

    def _tell(self, number: int, wishes: Sequence[Wish], now_ms: float) -> None:
        seat = self._seats[number]
        if wishes and self._desks is not None:
            self._desks.send(seat.desk, seat.caller.session_id, wishes)
            for wish in wishes:
                if isinstance(wish, GiveOutcome):
                    self._note_outcome(seat.caller.session_id, wish, now_ms)
        self._agenda.put(number, seat.caller.due_ms)

    def _note_outcome(self, session_id: str, wish: GiveOutcome, now_ms: float) -> None:
        if not wish.again:
            self.outcome_sent(wish.attempt, now_ms)
        self._journal.write(
            "outcome",
            session=session_id,
            attempt=wish.attempt,
            disposition=wish.disposition.value,
            again=wish.again,
        )

    def _note(self, session_id: str, news: News, wall_ms: int) -> None:
        fields = _fields(news, wall_ms)
        if fields is not None:
            kind, values = fields
            self._journal.write(kind, session=session_id, **values)


def _fields(news: News, wall_ms: int) -> tuple[str, dict[str, object]] | None:
    """Return the journal entry of a piece of news; never a number, only its hash."""
    match news:
        case SignedIn():
            return "signed_in", {"activity": news.activity.value, "resumed": news.resumed}
        case NumberShown():
            return "number", {
                "attempt": news.attempt,
                "number_hash": hashlib.blake2b(news.phone.encode(), digest_size=8).hexdigest(),
                "dialled": wall_ms <= news.dial_by_ms,
                "dial_by_ms": news.dial_by_ms,
            }
        case WishRefused():
            return "refused", {
                "wish": news.wish,
                "reason": news.reason,
                "attempt": news.attempt,
            }
        case _:
            return _plain_fields(news)


def _plain_fields(news: News) -> tuple[str, dict[str, object]] | None:
    match news:
        case Offered():
            return "offer", {"attempt": news.attempt}
        case Saved():
            return "saved", {"attempt": news.attempt}
        case OfferGone():
            return "gone", {"attempt": news.attempt, "reason": news.reason}
        case CallOver():
            return "call_over", {"attempt": news.attempt, "reason": news.reason}
        case SignedOut():
            return "signed_out", {"reason": news.reason}
        case _:
            return None


def _ignore(_attempt: Attempt, _now_ms: float) -> None:
    return None
