from collections import Counter
from random import Random

import pytest

from services.simulator.domain.calls import Attempt, Reaction, Script, plan_call

AHT_MS = 20_000.0


def test_talk_and_wrap_up_never_exceed_twice_the_aht() -> None:
    chance = Random(1).random
    plans = [plan_call(chance, AHT_MS) for _ in range(5_000)]
    assert max(plan.talk_ms + plan.wrap_up_ms for plan in plans) <= 2 * AHT_MS


def test_the_mean_in_effect_is_that_of_a_truncated_exponential() -> None:
    chance = Random(1).random
    plans = [plan_call(chance, AHT_MS) for _ in range(20_000)]
    mean = sum(plan.talk_ms + plan.wrap_up_ms for plan in plans) / len(plans)
    assert abs(mean / AHT_MS - 0.687) < 0.01


def test_a_share_declines_a_share_misses_and_a_quarter_hangs_up_first() -> None:
    chance = Random(1).random
    plans = [plan_call(chance, AHT_MS) for _ in range(20_000)]
    reactions = Counter(plan.reaction for plan in plans)
    assert 60 <= reactions[Reaction.DECLINE] <= 140
    assert 60 <= reactions[Reaction.MISS] <= 140
    assert 4_600 <= sum(plan.wrap_up_ms > 0 for plan in plans) <= 5_400


def test_the_same_place_in_two_runs_has_the_same_course() -> None:
    script = Script(lambda seed: Random(seed).random, seed=1, aht_ms=AHT_MS)
    first = script.plan_of(Attempt("sim1-aaaa-0000007", 1, 1))
    assert script.plan_of(Attempt("sim1-bbbb-0000007", 1, 1)) == first
    assert script.plan_of(Attempt("sim1-bbbb-0000007", 1, 2)) != first


def test_calls_are_brief_once_nothing_more_is_sent_and_the_mean_is_of_those_before() -> None:
    script = Script(lambda seed: Random(seed).random, seed=1, aht_ms=AHT_MS)
    before = [script.plan_of(Attempt(f"run-{number}", 1, 1)) for number in range(500)]
    mean_s = script.mean_handling_s
    script.close()
    after = [script.plan_of(Attempt(f"run-{number}", 1, 1)) for number in range(500)]
    talks = [sum(plan.talk_ms + plan.wrap_up_ms for plan in plans) for plans in (before, after)]
    assert {plan.reaction for plan in after} == {Reaction.ACCEPT}
    assert talks[1] == pytest.approx(talks[0] / 5)
    assert script.mean_handling_s == mean_s == pytest.approx(talks[0] / 500_000, abs=0.01)
