from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction
from services.simulator.domain.measure import Tally, contact_id
from services.simulator.domain.news import Activity, NumberShown, Offered, Saved, SignedIn
from services.simulator.domain.team import Team
from services.simulator.domain.wishes import Accept, GiveOutcome, SignIn, SignOut
from services.simulator.handlers.crowd import Crowd, Workplace
from tests.fakes.simulator import FakeTicks, InMemoryDesks, InMemoryJournal

PLAN = CallPlan(Reaction.ACCEPT, 100.0, 10_000.0, 0.0, Disposition.REACHED, 0.0)
ONE = Attempt(contact_id("run", 0), 1, 1)
PHONE = "+911000000001"


class Hall:
    """Three callers at two desks."""

    def __init__(self) -> None:
        self.ticks, self.desks, self.journal = FakeTicks(), InMemoryDesks(), InMemoryJournal()
        self.tally = Tally([Arrival(0, 0.0, "S1", "", 5, foreign=False, part=Part.MEASURED)], "run")
        seats = [
            Workplace(Caller(f"run-s{n}", Team("C1"), ("hi",), lambda _: PLAN), desk)
            for n, desk in enumerate((0, 0, 1))
        ]
        self.seats = seats
        self.crowd = Crowd(seats, self.tally, self.journal, self.ticks)
        self.crowd.sit_at(self.desks)

    def bind(self, session: str = "run-s0") -> None:
        self.crowd.connected(0)
        self.crowd.heard(session, SignedIn(b"t", Activity.AVAILABLE, resumed=False), 0.0)
        self.desks.take()

    def until_due(self) -> None:
        self.ticks.mono = min(seat.caller.due_ms for seat in self.seats)
        self.crowd.act()


def test_everybody_at_a_desk_signs_in_when_its_stream_opens() -> None:
    hall = Hall()
    hall.crowd.connected(0)
    assert [(desk, who) for desk, who, _ in hall.desks.sent] == [(0, "run-s0"), (0, "run-s1")]
    assert all(isinstance(wish, SignIn) for wish in hall.desks.take())


def test_sessions_at_a_broken_desk_are_not_bound() -> None:
    hall = Hall()
    hall.bind()
    assert hall.crowd.bound == 1
    hall.crowd.disconnected(0)
    assert hall.crowd.bound == 0


def test_a_call_goes_from_offer_to_saved_outcome() -> None:
    hall = Hall()
    sent: list[Attempt] = []
    hall.crowd.outcome_sent = lambda attempt, _: sent.append(attempt)
    hall.bind()
    hall.ticks.mono = 5.0
    hall.crowd.heard("run-s0", Offered(ONE), 5.0)
    assert list(hall.tally.offer_ms) == [5.0]
    hall.until_due()
    assert hall.desks.take() == [Accept(ONE)]
    dial_by_ms = hall.ticks.wall_ms() + 15_000
    hall.crowd.heard("run-s0", NumberShown(ONE, PHONE, dial_by_ms), hall.ticks.mono)
    hall.ticks.mono += 10_000.0
    hall.crowd.act()
    assert GiveOutcome(ONE, Disposition.REACHED, 10_000.0) in hall.desks.take()
    assert sent == [ONE]
    assert hall.crowd.unsaved == 1
    hall.crowd.heard("run-s0", Saved(ONE), hall.ticks.mono)
    assert hall.crowd.unsaved == 0
    kinds = ["connected", "signed_in", "offer", "number", "outcome", "saved"]
    assert hall.journal.kinds() == kinds


def test_a_number_never_reaches_the_journal() -> None:
    hall = Hall()
    hall.bind()
    hall.crowd.heard("run-s0", NumberShown(ONE, PHONE, 0), 0.0)
    (entry,) = [entry for entry in hall.journal.entries if entry["kind"] == "number"]
    assert PHONE not in str(entry)
    assert entry["dialled"] is False


def test_a_repeated_outcome_is_not_sampled_again() -> None:
    hall = Hall()
    sent: list[Attempt] = []
    hall.crowd.outcome_sent = lambda attempt, _: sent.append(attempt)
    hall.bind()
    hall.crowd.heard("run-s0", NumberShown(ONE, PHONE, hall.ticks.wall_ms() + 1), 0.0)
    for at_ms in (10_000.0, 20_000.0):
        hall.ticks.mono = at_ms
        hall.crowd.act()
    outcomes = [wish for wish in hall.desks.take() if isinstance(wish, GiveOutcome)]
    assert [wish.again for wish in outcomes] == [False, True]
    assert sent == [ONE]


def test_news_of_a_stranger_are_noted_and_dropped() -> None:
    hall = Hall()
    hall.crowd.heard("other-s1", Saved(ONE), 0.0)
    assert hall.journal.kinds() == ["unknown_session"]


def test_everybody_who_is_bound_signs_out() -> None:
    hall = Hall()
    hall.bind()
    hall.crowd.leave()
    assert hall.desks.take() == [SignOut()]
