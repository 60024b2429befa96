import pytest

from services.runtime.fenced_log.unwanted import FALL_PER_S, SHARE_MAX, STEP, Unwanted
from services.runtime.fenced_log.wishes import WriteLess
from tests.unit.runtime.town import Town

T = 1_770_000_000_000


def after(*asked_ms: int, partition: int = 3) -> Unwanted:
    unwanted = Unwanted()
    for at_ms in asked_ms:
        unwanted.asked(WriteLess(partition), T + at_ms)
    return unwanted


def test_nobody_asked_and_everything_is_wanted() -> None:
    assert Unwanted().shares(T) == {}


def test_each_request_adds_to_the_share_of_its_partition_alone() -> None:
    unwanted = after(0, 0)
    unwanted.asked(WriteLess(1), T)
    assert unwanted.shares(T) == pytest.approx({3: 2 * STEP, 1: STEP})


def test_the_share_falls_with_time_until_everything_is_wanted_again() -> None:
    unwanted = after(0)
    assert unwanted.shares(T + 1_000) == pytest.approx({3: STEP - FALL_PER_S})
    assert unwanted.shares(T + int(1_000 * STEP / FALL_PER_S)) == {}
    assert unwanted.shares(T) == {}


def test_something_is_wanted_however_often_is_asked_for_less() -> None:
    assert after(*[0] * 50).shares(T) == {3: SHARE_MAX}


def test_an_owner_hears_what_the_readers_of_its_log_do_not_want() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    town.ask(0, WriteLess(1))
    town.turn(one)
    town.give("paced", 0, 7)
    town.turn(one)
    (moment,) = one.core(0).moments
    assert moment.unwanted == pytest.approx({1: STEP}, abs=0.01)
