import pytest

from services.runtime.errors import PromiseBrokenError
from services.runtime.kafka_stalls import GIVEN_UP_MS, STALLED_MS, KafkaStalls
from services.runtime.log_port import START, End

TP = ("in", 0)


def look(stalls: KafkaStalls, now_ms: int, offset: int = 5, end: int = 9, **kw: object) -> bool:
    """Look with an end that was asked for just now."""
    asked_at_ms = int(str(kw.get("asked_at_ms", now_ms)))
    idle = [TP] if kw.get("paused") else []
    return stalls.look({TP: offset}, {TP: End(end, asked_at_ms, now_ms)}, idle, now_ms) == [TP]


def test_what_gives_nothing_for_two_seconds_though_its_end_lies_ahead_stands_still() -> None:
    stalls = KafkaStalls()
    assert not look(stalls, 0)
    assert not look(stalls, STALLED_MS - 1)
    assert look(stalls, STALLED_MS)


def test_it_is_named_again_ever_more_slowly_until_something_comes() -> None:
    stalls = KafkaStalls()
    named = [now_ms for now_ms in range(0, 9_000, 250) if look(stalls, now_ms)]
    assert named == [2_000, 6_000]
    look(stalls, 9_000, offset=6)
    assert look(stalls, 9_000 + STALLED_MS, offset=6)


def test_who_stands_still_for_ten_seconds_ends_and_says_where() -> None:
    stalls = KafkaStalls()
    for now_ms in range(0, GIVEN_UP_MS, 250):
        look(stalls, now_ms)
    with pytest.raises(PromiseBrokenError, match=r"in/0: nothing comes from offset 5 .* end is 9"):
        look(stalls, GIVEN_UP_MS)


def test_a_leader_that_was_away_meanwhile_begins_the_ten_seconds_anew() -> None:
    stalls = KafkaStalls()
    for now_ms in range(0, 3 * GIVEN_UP_MS, 250):
        away = now_ms % 8_000 == 0
        look(stalls, now_ms, **({"asked_at_ms": now_ms - 2_000} if away else {}))


def test_who_reads_from_the_start_goes_on_looking_since_all_records_may_be_gone() -> None:
    stalls = KafkaStalls()
    named = [now_ms for now_ms in range(0, 20_000, 250) if look(stalls, now_ms, offset=START)]
    assert named == [2_000, 6_000, 14_000]


def test_what_moves_or_is_at_its_end_or_paused_does_not_stand_still() -> None:
    for how in ({"offset": 9}, {"paused": True}, {"offset": START, "end": 0}):
        stalls = KafkaStalls()
        assert not any(look(stalls, now_ms, **how) for now_ms in range(0, 10_000, 250))
        assert not look(stalls, 10_000), "the time at the end counts for nothing"
    stalls = KafkaStalls()
    for number, now_ms in enumerate(range(0, 10_000, 250)):
        assert not look(stalls, now_ms, offset=number, end=99)


def test_a_leader_that_does_not_answer_is_no_stall() -> None:
    stalls = KafkaStalls()
    assert not any(look(stalls, now_ms, asked_at_ms=0) for now_ms in range(0, 10_000, 250))
    assert not look(stalls, 10_000)


def test_what_is_read_from_the_start_has_more_when_the_partition_has_a_record() -> None:
    stalls = KafkaStalls()
    assert not look(stalls, 0, offset=START, end=1)
    assert look(stalls, STALLED_MS, offset=START, end=1)
