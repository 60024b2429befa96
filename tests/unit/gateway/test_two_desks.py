"""One caller at two desks, of two centres in two partitions: the sign-in appended last stands."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seatline.facts.v1 import facts_pb2
from services.gateway.domain.values import Nonce, StreamId
from services.gateway.handlers import Refusal
from tests.fakes.gateway import CountingIds
from tests.fakes.scripted_dispatcher import sign_in_wish, signed_in
from tests.unit.gateway.handlers_rig import BOOT, SESSION, Door
from tests.unit.gateway.rig import caught_up

OTHER_BOOT = b"o" * 16
HERE, THERE = StreamId(1), StreamId(2)


@dataclass(frozen=True)
class SignedIn:
    nonce: Nonce
    boot_id: bytes
    partition: int
    at_ms: int
    generation: int

    def read_by(self, door: Door) -> None:
        door.fact(self.nonce, self.generation, self.boot_id, self.partition, self.at_ms)


@dataclass
class TwoGateways:
    """The caller sits down at a desk of each: first in partition 0, then in partition 1."""

    first: Door = field(default_factory=Door)
    second: Door = field(default_factory=lambda: Door(ids=CountingIds(100), boot_id=OTHER_BOOT))

    def __post_init__(self) -> None:
        self.first.wish(HERE)
        self.second.wish(THERE, centre_id="C002")
        # The generation of one partition tells nothing about another: the earlier has the higher.
        self.facts = (
            SignedIn(self.first.nonce(), BOOT, 0, at_ms=1_000, generation=9),
            SignedIn(self.second.nonce(), OTHER_BOOT, 1, at_ms=1_001, generation=1),
        )


every_order = pytest.mark.parametrize(
    ("by_first", "by_second"),
    list(itertools.product([(0, 1), (1, 0)], repeat=2)),
    ids=["both in order", "second crosswise", "first crosswise", "both crosswise"],
)


@every_order
def test_whichever_facts_come_first_the_caller_stays_at_one_desk_and_it_is_the_later(
    by_first: tuple[int, int], by_second: tuple[int, int]
) -> None:
    both = TwoGateways()
    for door, order in ((both.first, by_first), (both.second, by_second)):
        for number in order:
            both.facts[number].read_by(door)
    first, second = both.facts
    assert isinstance(both.first.sessions.bound(HERE, SESSION), Refusal)
    assert both.first.desks.told == [("gone", first.nonce)]
    assert both.first.said("stream_lost") == [(0, (first.nonce,))]
    binding = both.second.sessions.bound(THERE, SESSION)
    assert not isinstance(binding, Refusal)
    assert binding.nonce == second.nonce
    assert both.second.desks.told == []
    assert both.second.said("stream_lost") == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "crosswise"])
def test_a_repeated_fact_brings_nobody_back_to_the_desk_that_was_left(
    order: tuple[int, int],
) -> None:
    both = TwoGateways()
    for number in (*order, *order):
        both.facts[number].read_by(both.first)
        both.facts[number].read_by(both.second)
    assert isinstance(both.first.sessions.bound(HERE, SESSION), Refusal)
    assert not isinstance(both.second.sessions.bound(THERE, SESSION), Refusal)
    assert len(both.first.said("stream_lost")) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "crosswise"])
def test_two_desks_of_one_gateway_agree_too(order: tuple[int, int]) -> None:
    door = Door()
    door.wish(HERE)
    left = door.nonce()
    door.wish(THERE, centre_id="C002")
    facts = (
        SignedIn(left, BOOT, 0, at_ms=1_000, generation=9),
        SignedIn(door.nonce(), BOOT, 1, at_ms=1_001, generation=1),
    )
    for number in order:
        facts[number].read_by(door)
    assert isinstance(door.sessions.bound(HERE, SESSION), Refusal)
    assert not isinstance(door.sessions.bound(THERE, SESSION), Refusal)
    assert door.said("stream_lost") == [(0, (left,))]
    assert door.desks.told == [("gone", left)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "crosswise"])
def test_a_desk_that_moves_to_another_centre_hears_of_no_end(order: tuple[int, int]) -> None:
    door = Door()
    door.wish(HERE)
    left = door.nonce()
    door.wish(HERE, centre_id="C002")
    facts = (
        SignedIn(left, BOOT, 0, at_ms=1_000, generation=1),
        SignedIn(door.nonce(), BOOT, 1, at_ms=1_001, generation=1),
    )
    for number in order:
        facts[number].read_by(door)
    binding = door.sessions.bound(HERE, SESSION)
    assert not isinstance(binding, Refusal)
    assert binding.centre_id == "C002"
    assert door.said("stream_lost") == [(0, (left,))]
    assert door.desks.told == []


def test_a_number_that_waits_at_the_desk_left_is_not_shown() -> None:
    both = TwoGateways()
    first, second = both.facts
    first.read_by(both.first)
    binding = both.first.sessions.bound(HERE, SESSION)
    assert not isinstance(binding, Refusal)
    both.first.commands.settle(1)
    both.first.at_end()
    both.first.confirm(binding)
    both.first.unsealer.advance()
    second.read_by(both.first)
    both.first.commands.settle(both.first.clock.wall_ms())
    assert both.first.desks.told == [("gone", first.nonce)]
    assert both.first.tally.shown == 0


async def test_the_later_is_told_by_the_append_times_of_the_log(tmp_path: Path) -> None:
    rig = await caught_up(tmp_path)
    at_once, a_moment_on = rig.stream(), rig.stream()
    for stream, centre_id in ((at_once, "C002"), (a_moment_on, "C001")):
        rig.wish(stream, sign_in_wish("S-1", centre_id))
    rig.acknowledge()
    for partition in (1, 0):  # the reader takes partition 0 first
        command = rig.commands(partition)[-1].sign_in
        fact = signed_in(command, rig.sessions.boot_id, generation=2 - partition)
        rig.clock.advance(1)
        rig.fact(facts_pb2.Fact(signed_in=fact), partition=partition)
    rig.step()
    assert isinstance(rig.sessions.bound(at_once.stream_id, SESSION), Refusal)
    assert not isinstance(rig.sessions.bound(a_moment_on.stream_id, SESSION), Refusal)
    assert [told.WhichOneof("kind") for told in await rig.news(at_once)] == ["signed_out"]
    assert len(rig.commands(1)[-1].stream_lost.nonces) == 1
