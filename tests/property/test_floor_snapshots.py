"""A floor out of a snapshot decides and evolves as the floor that it was made of, for ever."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize
from typing_extensions import override

from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain import inputs
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.moment import Moment
from services.dispatcher.domain.words import Place, Presence, WithdrawalKind
from services.dispatcher.handlers import FloorHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import CHUNK_BYTES
from tests.property.test_dispatcher_machine import SESSIONS, STOPS, DispatcherMachine
from tests.support.builders import BOOT, CENTRE, HOUR, OTHER_CENTRE, START_MS, S
from tests.support.scenario import FLOOR, ON_CALL

OF_THE_FLOOR = ("stops", "withdrawn", "forgettable", "awaiting", "leaving", "emptying", "dirty")
OF_A_SESSION = ("contact", "idle", "draining", "pausing", "suspect_by_gateway")
CHUNK_SIZES = (CHUNK_BYTES, 1_000, 400)


class Twins(FloorHandler):
    """A core and one restored from it: what one does, the other does too, and they stay equal."""

    def __init__(self, one: FloorHandler, chunk_bytes: int) -> None:
        super().__init__(one.floor.limits)
        self.floor = one.floor
        self.other = FloorHandler(one.floor.limits)
        chunks = list(FloorCodec(chunk_bytes).chunks(one))
        assert max(map(len, chunks)) <= chunk_bytes
        FloorCodec().restore(self.other, chunks)
        self.compare()

    def compare(self) -> None:
        one, other = self.floor, self.other.floor
        assert other == one
        for name in ("contacts", "sessions", "awaiting", "leaving", "emptying", "dirty"):
            assert list(getattr(other, name)) == list(getattr(one, name)), name
        bests = [[queue.best() for _, queue in sorted(f.centres.items())] for f in (one, other)]
        assert bests[0] == bests[1]

    @override
    def evolve(self, entries: Sequence[Fact], at_ms: int) -> None:
        super().evolve(entries, at_ms)
        self.other.evolve(entries, at_ms)
        self.compare()

    @override
    def decide(self, item: inputs.Input, moment: Moment) -> Sequence[Fact]:
        decided = super().decide(item, moment)
        assert list(self.other.decide(item, moment)) == list(decided)
        self.compare()
        return decided

    @override
    def due(self, moment: Moment) -> Sequence[Fact]:
        decided = super().due(moment)
        assert list(self.other.due(moment)) == list(decided)
        self.compare()
        return decided


class SnapshotMachine(DispatcherMachine):
    """The histories of the dispatcher's own machine; between them every so often a snapshot."""

    every, applied = 0, 0
    of_the_other = False
    late: tuple[Iterator[bytes], Floor] = (iter(()), Floor(Limits()))
    """Chunks that were asked for and not encoded yet, and the floor as it was then."""

    @initialize(every=st.sampled_from([1, 7, 30, 90]), of_the_other=st.booleans())
    def take_snapshots(self, every: int, of_the_other: bool) -> None:
        self.every, self.of_the_other = every, of_the_other

    @override
    def apply(self, decided: Any) -> None:
        """Also while an order is being worked off, and between the facts of one moment."""
        super().apply(decided)
        self.applied += 1
        if self.every and self.applied % self.every == 0:
            core = self.core
            if self.of_the_other and isinstance(core, Twins):
                core = core.other
            chunk_bytes = CHUNK_SIZES[self.applied % len(CHUNK_SIZES)]
            self.encode_late()
            self.late = FloorCodec(chunk_bytes).chunks(core), deepcopy(core.floor)
            self.core = Twins(core, chunk_bytes)

    def encode_late(self) -> None:
        """What was written since has left no trace in the chunks of a snapshot begun before."""
        chunks, floor = self.late
        if encoded := list(chunks):
            core = FloorHandler(floor.limits)
            FloorCodec().restore(core, encoded)
            assert core.floor == floor


TestSnapshotMachine = SnapshotMachine.TestCase
TestSnapshotMachine.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def a_long_day(seed: int) -> Iterator[Floor]:
    """Let a busy floor run, all kinds of orders between the calls; yield it after each step."""
    chance = random.Random(seed)
    pick = partial(chance.randrange, 999)
    day: Any = SnapshotMachine()
    day.open_the_floor()
    day.take_snapshots(chance.choice([3, 10, 20]), chance.random() < 0.5)
    happenings = (
        lambda: day.publish_map(pick(), 1),
        lambda: day.publish_policy(chance.random() < 0.3),
        lambda: day.stop(chance.choice(STOPS), 0),
        lambda: day.withdraw(pick(), chance.choice(list(WithdrawalKind))),
        lambda: day.drain(chance.choice([CENTRE, OTHER_CENTRE]), 0),
        lambda: day.lose_the_stream(chance.choice(SESSIONS), True),
        lambda: day.compare(BOOT, 0, None, pick(), SESSIONS[1]),
        lambda: day.pass_time(chance.choice([S, 20 * S, 90 * S]), chance.choice([(BOOT,), ()])),
        lambda: day.route(pick(), "ta", 5, True, 1, 4 * HOUR),
        lambda: day.ask(SESSIONS[0], True, True, chance.choice([inputs.SignOut, inputs.Pause])),
        *[day.open_again] * 3,
    )
    for _ in range(100):
        day.know(chance.random() < 0.1, chance.random() < 0.9, chance.random() < 0.7)
        day.route_some([pick() for _ in range(3)])
        day.serve(chance.randrange(3))
        chance.choice(happenings)()
        yield day.core.floor
    day.come_to_rest()


def met(floor: Floor) -> Iterator[str]:
    """What is on a floor that a snapshot could lose."""
    yield from (name for name in OF_THE_FLOOR if getattr(floor, name))
    yield from (live.place.name for live in floor.contacts.values())
    yield from ("asked" for ours in floor.bindings.values() if ours.asked)
    for session in floor.sessions.values():
        yield f"session {session.presence.name}"
        yield from (name for name in OF_A_SESSION if getattr(session, name))


def test_long_days_go_on_from_snapshots_and_meet_everything() -> None:
    seen = {each for seed in range(4) for floor in a_long_day(seed) for each in met(floor)}
    assert seen >= {*OF_THE_FLOOR, *OF_A_SESSION, "asked"}
    assert seen >= {each.name for each in Place} | {f"session {each.name}" for each in Presence}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=3))
def test_random_bytes_are_poison_or_a_floor(chunks: list[bytes]) -> None:
    with suppress(PoisonError):
        FloorCodec().restore(FloorHandler(Limits()), chunks)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_chunk_is_poison_or_a_floor(data: st.DataObject) -> None:
    core = FloorHandler(Limits())
    core.evolve([*FLOOR, *ON_CALL], START_MS)
    (chunk,) = FloorCodec().chunks(core)
    value = bytearray(chunk)
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PoisonError):
        FloorCodec().restore(FloorHandler(Limits()), [bytes(value)])
