import asyncio
from random import Random

import pytest

from services.simulator.domain.arrivals import Arrival, Part
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, Script
from services.simulator.domain.measure import Tally, contact_id
from services.simulator.domain.news import Activity, Offered, SignedIn
from services.simulator.domain.progress import Trouble
from services.simulator.domain.team import Team
from services.simulator.domain.waiting import Waiting
from services.simulator.handlers.crowd import Crowd, Workplace
from services.simulator.handlers.durability import Durability
from services.simulator.handlers.rehearsal import Rehearsal
from services.simulator.handlers.sending import Sending
from services.simulator.handlers.watch import Watch
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter
from tests.fakes.simulator import (
    FakeTicks,
    InMemoryDesks,
    InMemoryJournal,
    InMemoryOutcomes,
    InMemoryScreen,
    PlainMint,
)

PLAN = [
    Arrival(number, number * 1_000.0, "S1", "", 5, foreign=False, part=Part.MEASURED)
    for number in range(4)
]


class Hall:
    """One caller of one centre, and whoever watches."""

    def __init__(self) -> None:
        self.ticks, journal, self.screen = (
            FakeTicks(mono=500.0),
            InMemoryJournal(),
            InMemoryScreen(),
        )
        script = Script(lambda seed: Random(seed).random, 1, 20_000.0)
        tally = Tally(PLAN, "run")
        caller = Caller("run-s0", Team("C1"), ("hi",), script.plan_of)
        self.crowd = Crowd([Workplace(caller, 0)], tally, journal, self.ticks)
        self.crowd.sit_at(InMemoryDesks())
        writer = InMemoryLogWriter(InMemoryBroker(FakeClock()))
        self.run = Rehearsal(
            crowd=self.crowd,
            sending=Sending(writer, PlainMint(), journal, self.ticks),
            tally=tally,
            durability=Durability(InMemoryOutcomes(), tally, self.ticks, 1),
            script=script,
            places=self.nothing,
            ticks=self.ticks,
        )
        self.watch = Watch(self.run, Waiting(PLAN, {"S1": "C1"}), self.screen)

    async def nothing(self) -> dict[str, str]:
        return {}

    def sign_in(self) -> None:
        self.crowd.connected(0)
        self.crowd.heard("run-s0", SignedIn(b"t", Activity.AVAILABLE, resumed=False), 500.0)

    def offer(self, number: int) -> None:
        attempt = Attempt(contact_id("run", number), 1, 1)
        self.crowd.heard("run-s0", Offered(attempt), self.ticks.mono)


def test_nobody_waits_before_the_load_begins() -> None:
    look = Hall().watch.look()
    assert (look.phase, look.left_s, look.waiting) == ("signing in", None, 0)
    assert (look.signed_in, look.sessions) == (0, 1)


def test_a_look_finds_who_is_there_who_waits_and_how_fast_it_goes() -> None:
    hall = Hall()
    hall.sign_in()
    hall.run.phase, hall.run.ends_ms, hall.run.tally.started_ms = "measuring", 9_000.0, 1_000.0
    hall.ticks.mono = 3_000.0
    hall.offer(0)
    look = hall.watch.look()
    assert (look.phase, look.left_s, look.signed_in) == ("measuring", 6.0, 1)
    assert (look.activities["offered"], look.activities["available"]) == (1, 0)
    assert (look.offers, look.offers_per_s) == (1, 0.4)
    assert (look.waiting, look.troubles) == (2, (Trouble("C1", 2, 0, 1),))
    assert (look.offer_ms.n, look.offer_ms.p50) == (1, 2_000.0)


def test_the_pace_is_that_since_the_last_look() -> None:
    hall = Hall()
    hall.sign_in()
    hall.run.tally.started_ms = 1_000.0
    hall.offer(0)
    hall.ticks.mono = 1_500.0
    assert hall.watch.look().offers_per_s == 1.0
    hall.ticks.mono = 2_500.0
    assert hall.watch.look().offers_per_s == 0.0


async def test_an_interrupted_run_leaves_its_screen_in_order() -> None:
    hall = Hall()
    watching = asyncio.ensure_future(hall.watch.keep())
    await asyncio.sleep(0)
    assert hall.screen.is_live
    assert hall.screen.shown[0].phase == "signing in"
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    assert not hall.screen.is_live
