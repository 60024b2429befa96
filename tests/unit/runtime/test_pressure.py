from services.runtime.fenced_log.pressure import (
    ASK_EVERY_MS,
    INTERVAL_MS,
    TARGET_MS,
    StandingQueue,
)
from services.runtime.fenced_log.wishes import Request, WriteLess
from tests.unit.runtime.town import ALL_INPUTS, CODEC, SPREAD, GatedCore, Slot, Town

LATE_MS = TARGET_MS + 1
PRESSED_TURNS = (TARGET_MS + INTERVAL_MS) // 100 + 1


def asked_at(waits: list[int], every_ms: int = 100) -> list[int]:
    queue = StandingQueue()
    return [n * every_ms for n, wait_ms in enumerate(waits) if queue.asks(wait_ms, n * every_ms)]


def test_what_waits_too_long_for_a_whole_interval_is_asked_about_again_and_again() -> None:
    first, second, *_ = asked_at([LATE_MS] * 40, every_ms=50)
    assert (first, second) == (INTERVAL_MS, INTERVAL_MS + ASK_EVERY_MS)


def test_a_burst_that_is_worked_off_within_the_interval_is_nobody_s_business() -> None:
    assert asked_at(([LATE_MS] * 9 + [TARGET_MS]) * 5) == []


def test_nothing_is_asked_for_any_more_once_a_moment_s_wait_was_short() -> None:
    assert asked_at([LATE_MS] * 12 + [0] + [LATE_MS] * 9) == [INTERVAL_MS]


def requests(town: Town, number: int) -> list[Request]:
    headers = (CODEC.header(each.value) for each in town.broker.records((SPREAD, number)))
    return [each.control for each in headers if isinstance(each.control, Request)]


def pressed(town: Town) -> tuple[Slot, GatedCore]:
    """A slot of a partition whose inputs wait, though it is not behind."""
    core = GatedCore()
    core.open = True
    one = town.start(0, lambda _: core)
    town.tell(1, 0)
    town.turn(one)
    core.open = False
    town.tell(1, 1, 2)
    return one, core


def test_a_partition_whose_queue_stands_asks_the_writers_of_every_partition_for_less() -> None:
    town = Town(slots=2, inputs=ALL_INPUTS)
    one, core = pressed(town)
    town.turn(one, times=PRESSED_TURNS, ms=100)
    for number in (0, 1):
        assert [each.wish for each in requests(town, number)] == [WriteLess(0)]
        assert {each.slot for each in requests(town, number)} == {"tally-0"}
    core.open = True
    town.turn(one, times=30, ms=100)
    assert len(requests(town, 0)) == 1
    assert one.seen(0) == [2]


def test_what_readers_ask_of_a_log_is_no_input_of_theirs() -> None:
    town = Town(slots=2, inputs=ALL_INPUTS)
    one, core = pressed(town)
    town.turn(one, times=PRESSED_TURNS, ms=100)
    core.open = True
    town.tell(1, 2, 4)
    town.turn(one)
    assert one.seen(0) == [2, 4]
