import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from services.simulator.adapters.clock import SystemTicks
from services.simulator.domain.arrivals import Arrival, Load, Part
from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan, Disposition, Reaction, Script
from services.simulator.domain.measure import Tally
from services.simulator.domain.news import Activity, Offered, SignedIn, SignedOut, WishRefused
from services.simulator.domain.patience import NEVER
from services.simulator.domain.team import Team
from services.simulator.handlers.crowd import Crowd, Workplace
from services.simulator.handlers.durability import Durability
from services.simulator.handlers.pump import pump
from services.simulator.handlers.rehearsal import NotStartedError, Rehearsal
from services.simulator.handlers.sending import Sending
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter
from tests.fakes.simulator import InMemoryDesks, InMemoryJournal, InMemoryOutcomes, PlainMint

LOAD = Load(rate_per_s=100, warm_up_ms=20, measured_ms=40)
ARRIVALS = [
    Arrival(number, number * 10.0, "S1", "", 5, foreign=False, part=Part.MEASURED)
    for number in range(6)
]

MISSES = CallPlan(Reaction.MISS, 100.0, 10_000.0, 0.0, Disposition.REACHED, 0.0)


@dataclass
class Stage:
    """A run of one caller, on fakes and the real clock."""

    places: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ticks, journal = SystemTicks(), InMemoryJournal()
        script = Script(lambda seed: Random(seed).random, 1, 20_000.0)
        caller = self.caller = Caller("run-s0", Team("C1"), ("hi",), script.plan_of)
        tally = Tally(ARRIVALS, "run")
        self.crowd = Crowd([Workplace(caller, 0)], tally, journal, ticks)
        self.crowd.sit_at(InMemoryDesks())
        log = InMemoryLogWriter(InMemoryBroker(FakeClock()))
        self.run = Rehearsal(
            crowd=self.crowd,
            sending=Sending(log, PlainMint(), journal, ticks),
            tally=tally,
            durability=Durability(InMemoryOutcomes(), tally, ticks, 1),
            script=script,
            places=self.ask,
            ticks=ticks,
            undisturbed_s=0.02,
        )

    async def ask(self) -> dict[str, str]:
        return self.places

    def bind(self) -> None:
        self.crowd.connected(0)
        self.crowd.heard("run-s0", SignedIn(b"t", Activity.AVAILABLE, resumed=False), 0.0)


async def test_the_load_waits_until_everybody_is_signed_in() -> None:
    stage = Stage()
    signing = asyncio.ensure_future(stage.run.sign_in(1))
    await asyncio.sleep(0)
    assert not signing.done()
    stage.bind()
    await signing


async def test_a_run_that_cannot_begin_says_where_to_look() -> None:
    with pytest.raises(NotStartedError, match=r"0 of 1 signed in within 0 s; see logs/gateway-0"):
        await Stage().run.sign_in(1, within_s=0.0)


async def test_the_load_ends_when_all_is_sent_and_its_window_is_over() -> None:
    stage = Stage()
    window = await stage.run.load(ARRIVALS, LOAD)
    assert stage.run.sending.acknowledged == len(ARRIVALS)
    assert window.until_ms - window.from_ms == 40
    assert not stage.run.durability.sampling


async def test_a_run_finishes_when_every_acknowledged_contact_is_closed() -> None:
    stage = Stage()
    await stage.run.load(ARRIVALS, LOAD)
    stage.places = {f"run-{number}": "queued" for number in range(6)}
    assert not await stage.run.finish(within_s=0.05)
    closed = ("ended", "ended", "returned", "held", "refused", "ended")
    stage.places = {f"run-{number}": place for number, place in enumerate(closed)}
    assert await stage.run.finish(within_s=5.0)


async def test_an_offer_that_would_be_missed_is_answered_once_the_load_is_over() -> None:
    stage = Stage()
    stage.caller.plan_of = lambda _: MISSES
    stage.bind()
    stage.crowd.heard("run-s0", Offered(Attempt("run-0", 1, 1)), 0.0)
    assert stage.caller.due_ms == NEVER
    await stage.run.finish(within_s=0.05)
    assert stage.caller.due_ms < NEVER


async def test_leaving_ends_when_nobody_is_bound() -> None:
    stage = Stage()
    stage.bind()
    leaving = asyncio.ensure_future(stage.run.leave())
    await asyncio.sleep(0)
    stage.crowd.heard("run-s0", SignedOut("asked"), 0.0)
    await leaving
    assert stage.crowd.bound == 0


async def test_the_pump_lets_callers_act_when_they_are_due() -> None:
    stage = Stage()
    desks = InMemoryDesks()
    stage.crowd.sit_at(desks)
    pumping = asyncio.ensure_future(pump(stage.crowd))
    await asyncio.sleep(0)
    stage.crowd.connected(0)
    desks.take()
    # Refused once: the caller asks again a second later.

    now_ms = SystemTicks().now_ms()
    stage.crowd.heard("run-s0", WishRefused("sign_in", "busy", None), now_ms - 900.0)
    async with asyncio.timeout(10):
        while not desks.sent:  # noqa: ASYNC110 (the crowd sets no event)
            await asyncio.sleep(0.01)
    pumping.cancel()
