from tests.fakes.tally import LOG, ORDERS, PACED
from tests.unit.runtime.town import Town


def test_while_the_broker_is_away_time_stands_still_and_nothing_is_fresh() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)
    partition = one.decider.partitions[0]
    town.broker.away = True
    before_ms = town.clock.wall_ms()
    town.turn(one, times=60, ms=100)
    now_ms = partition.time.now_ms(town.clock.mono, one.reader.known[(LOG, 0)].asked_at_ms)
    assert before_ms <= now_ms <= before_ms + 1_000
    assert one.decider.waiting_for == "not fresh: ['orders']"


def test_an_order_that_is_known_and_not_here_yet_stops_nothing_for_five_seconds() -> None:
    town = Town()
    one = town.start(0)
    town.turn(one)

    def is_fresh() -> bool:
        town.give(PACED, 0, 1)
        town.turn(one)
        return one.core(0).moments[-1].fresh

    one.reader.paused = {(ORDERS, 0)}
    town.give(ORDERS, 0, 1)
    town.turn(one, times=40, ms=100)
    assert one.reader.known[(ORDERS, 0)].offset > one.reader.next[(ORDERS, 0)]
    assert is_fresh()
    town.turn(one, times=12, ms=100)
    assert not is_fresh()
    one.reader.paused = set()
    town.turn(one)
    assert is_fresh()
