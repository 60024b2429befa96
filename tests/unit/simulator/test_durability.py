import asyncio
from contextlib import suppress

from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import Tally
from services.simulator.handlers.durability import Durability
from tests.fakes.simulator import FakeTicks, InMemoryOutcomes


class Watch:
    """A durability watch on fakes, run for a few questions."""

    def __init__(self, every: int = 1) -> None:
        self.store, self.tally, self.ticks = InMemoryOutcomes(), Tally([], "run"), FakeTicks()
        self.durability = Durability(self.store, self.tally, self.ticks, every, sampling=True)

    def sent(self, contact: str) -> None:
        self.durability.sent(Attempt(contact, 1, 1), self.ticks.mono)

    async def ask(self, seconds: float = 0.1) -> list[float]:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.durability.watch()
        return list(self.tally.outcome_durable_ms)


async def test_an_outcome_is_timed_from_its_sending_to_its_being_seen() -> None:
    watch = Watch()
    watch.sent("c-1")
    assert await watch.ask() == []
    watch.ticks.mono = 180.0
    watch.store.shown.add(("c-1", 1))
    assert await watch.ask() == [180.0]
    assert await watch.ask() == [180.0]


async def test_only_every_so_many_th_outcome_is_watched() -> None:
    watch = Watch(every=5)
    for number in range(10):
        watch.sent(f"c-{number}")
        watch.store.shown.add((f"c-{number}", 1))
    assert len(await watch.ask()) == 2


async def test_nothing_is_sampled_outside_the_measured_part() -> None:
    watch = Watch()
    watch.durability.sampling = False
    watch.sent("c-1")
    watch.store.shown.add(("c-1", 1))
    assert await watch.ask() == []


async def test_a_database_that_is_away_makes_it_later_and_never_forgotten() -> None:
    watch = Watch()
    watch.store.away = True
    watch.sent("c-1")
    watch.store.shown.add(("c-1", 1))
    assert await watch.ask() == []
    watch.store.away = False
    watch.ticks.mono = 900.0
    assert await watch.ask() == [900.0]
