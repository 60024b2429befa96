from itertools import pairwise

import pytest

from services.runtime.command_line import RefusedError
from tests.chaos.catalogue import KINDS, victims_of
from tests.chaos.kinds import Lane
from tests.chaos.plan import APART_S, CALM_S, STARTS_S, Planned, plan_of
from tests.chaos.world import Sizes
from tests.support.chaos_records import kind_named

THREE = Sizes(brokers=3)


def plan(
    seed: int = 1, faults: int = 40, seconds: float = 600.0, sizes: Sizes = THREE
) -> list[Planned]:
    return plan_of(seed, faults, seconds, KINDS, victims_of(sizes))


def test_a_seed_always_stands_for_the_same_faults_victims_and_times() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_is_dealt_once_before_any_comes_again(seed: int) -> None:
    dealt = sorted(each.kind.name for each in plan(seed, faults=len(KINDS)))
    assert dealt == sorted(kind.name for kind in KINDS)


def test_two_hundred_faults_hold_twenty_kills_of_each_kind_of_process() -> None:
    dealt = [each.kind.name for each in plan(1, faults=200, seconds=2_400)]
    kills = [f"kill_{name}" for name in ("router", "dispatcher", "gateway", "recorder", "broker")]
    assert min(map(dealt.count, kills)) >= 20


@pytest.mark.parametrize("seed", range(5))
def test_no_fault_begins_while_another_one_of_its_lane_goes_on(seed: int) -> None:
    planned = plan(seed)
    for lane in Lane:
        for before, after in pairwise([each for each in planned if lane in each.kind.lanes]):
            assert after.at_s >= before.over_s - 0.2, f"{before} is not over before {after}"


@pytest.mark.parametrize("seed", range(5))
def test_faults_are_apart_and_over_before_the_load_is(seed: int) -> None:
    planned = plan(seed)
    starts_s = [each.at_s for each in planned]
    assert starts_s[0] >= STARTS_S
    assert all(later - earlier >= APART_S - 0.2 for earlier, later in pairwise(starts_s))
    assert max(each.over_s for each in planned) <= 600 - CALM_S + 0.2


@pytest.mark.parametrize("seed", range(20))
def test_nobody_else_is_hurt_while_every_log_is_watched_for_a_stepped_clock(seed: int) -> None:
    planned = plan_of(seed, 40, 420, KINDS, victims_of(THREE))
    for clock in (each for each in planned if each.kind.name.startswith("clock_")):
        others = [each for each in planned if each is not clock]
        assert not [each for each in others if clock.at_s < each.at_s < clock.over_s]
        assert not [each for each in others if each.at_s < clock.at_s < each.over_s]


def test_the_defaults_fit() -> None:
    for seed in range(1, 30):
        kinds = [kind for kind in KINDS if kind.name != "kill_broker"]
        assert len(plan_of(seed, 40, 420, kinds, victims_of(Sizes()))) == 40


def test_what_does_not_fit_is_refused_with_what_it_takes() -> None:
    with pytest.raises(RefusedError, match=r"SECONDS: 40 faults need [\d.]+ s, not 60; give more"):
        plan(seconds=60)


def test_a_plan_without_anything_that_can_be_done_is_refused() -> None:
    with pytest.raises(RefusedError, match="KINDS"):
        plan_of(1, 3, 60, [], victims_of(THREE))


def test_a_planned_fault_reads_as_a_sentence() -> None:
    paused = Planned(3.0, kind_named("pause_dispatcher"), "dispatcher-1", 6.0)
    assert paused.sentence == "dispatcher-1 is paused for 6.0 s"
    for lasts_s, way in ((6.1, "ahead"), (6.2, "back")):
        stepped = Planned(3.0, kind_named("clock_router"), "router-0", lasts_s)
        assert stepped.sentence == f"the clock of router-0 is put {way} by an hour for {lasts_s} s"
    assert Planned(3.0, kind_named("kill_broker"), "kafka-2", 0.0).sentence == "kafka-2 is killed"
