from seatline.facts.v1 import facts_pb2, session_pb2
from tests.chaos.board import Board
from tests.chaos.desk_signs import Bindings, CallsGoOn, SignsInAgain
from tests.chaos.signs import (
    FACTS,
    RULINGS,
    DecidesAgain,
    ForeignRuled,
    Heard,
    Moved,
    NoGap,
    RecordsAgain,
    Reign,
    Sign,
)
from tests.support.chaos_records import (
    FIRST,
    SECOND,
    fact,
    facts,
    heartbeat,
    queued,
    ruling,
    signed_in,
)

STRUCK_MS = 10_000
LOGS = [(FACTS, 0), (FACTS, 1)]


def tell(sign: Sign, *records: Heard) -> Sign:
    for record in records:
        sign.hear(record)
    return sign


def killed(owners: dict[int, Reign]) -> DecidesAgain:
    return DecidesAgain(FACTS, "dispatcher-0", owners, STRUCK_MS)


def test_a_partition_decides_again_with_its_first_decision_under_another_reign() -> None:
    sign = tell(
        killed({0: FIRST}),
        queued(0, STRUCK_MS + 10, FIRST),  # was under way
        heartbeat(0, STRUCK_MS + 3_500, SECOND),
        queued(0, STRUCK_MS + 3_900, SECOND),
    )
    assert (sign.done, sign.seconds) == (True, 3.9)
    assert sign.told == "partition 0 decided again after 3.9 s by dispatcher-1"
    assert sign.takeover_s == [0.4]


def test_a_heartbeat_of_the_next_owner_is_no_decision() -> None:
    sign = tell(killed({0: FIRST}), heartbeat(0, STRUCK_MS + 500, SECOND))
    assert not sign.done
    assert sign.missing == "partition 0 of seatline.facts.v1 does not decide again"


def test_all_partitions_of_the_victim_must_decide_and_nobody_elses() -> None:
    mine = Reign("dispatcher-0", 4, b"d")
    sign = tell(
        killed({0: FIRST, 1: mine, 2: SECOND}),
        heartbeat(2, STRUCK_MS + 100, SECOND),
        queued(0, STRUCK_MS + 900, SECOND),
    )
    assert not sign.done
    assert tell(sign, queued(1, STRUCK_MS + 1_200, SECOND)).seconds == 1.2


def test_who_took_a_partition_over_before_the_fault_but_was_read_later_is_its_owner() -> None:
    sign = tell(
        killed({0: FIRST}),
        heartbeat(0, STRUCK_MS - 5, SECOND),
        heartbeat(0, STRUCK_MS + 700, SECOND),
    )
    assert (sign.done, sign.seconds, sign.told) == (True, None, "dispatcher-0 owned no partition")


def test_who_wakes_and_is_still_the_owner_goes_on_in_its_own_reign() -> None:
    sign = killed({0: FIRST})
    sign.healed(STRUCK_MS + 6_000)
    assert not tell(sign, queued(0, STRUCK_MS + 5_000, FIRST)).done
    assert tell(sign, queued(0, STRUCK_MS + 6_200, FIRST)).seconds == 6.2


def test_the_longest_gap_of_those_who_were_not_hurt_is_measured() -> None:
    sign = tell(
        killed({0: FIRST, 1: SECOND}),
        queued(1, STRUCK_MS + 300, SECOND),
        queued(1, STRUCK_MS + 1_000, SECOND),
        queued(0, STRUCK_MS + 2_000, SECOND),
    )
    assert sign.others_gap_s == 0.7


def broker_killed() -> NoGap:
    return NoGap(LOGS, STRUCK_MS, 12.0, from_heal=False)


def steady(partition: int, *after_ms: int) -> list[Heard]:
    return [queued(partition, STRUCK_MS + each, FIRST) for each in after_ms]


def test_after_the_death_of_a_broker_the_end_of_the_longest_gap_counts() -> None:
    sign = tell(broker_killed(), *steady(0, *range(100, 12_900, 400)))
    tell(sign, *steady(1, 50, 100, 5_600, *range(5_700, 12_800, 300)))
    assert (sign.done, sign.seconds) == (True, 5.6)
    assert sign.told == "facts/1 was the last to go on, after 5.6 s"


def test_without_a_gap_of_a_second_nobody_stood_still() -> None:
    sign = tell(broker_killed(), *steady(0, *range(100, 12_900, 400)))
    tell(sign, *steady(1, *range(100, 12_900, 400)))
    assert sign.told == "no partition stood still for a second"


def test_a_log_that_decides_nothing_more_is_missing() -> None:
    sign = tell(broker_killed(), *steady(0, *range(100, 12_900, 400)), *steady(1, 100, 200))
    assert not tell(sign, heartbeat(1, STRUCK_MS + 13_000, FIRST)).done
    assert sign.missing == "facts/1 do not go on deciding"


def test_heartbeats_do_not_end_a_gap() -> None:
    sign = tell(broker_killed(), *steady(0, *range(100, 12_900, 400)), *steady(1, 100))
    tell(sign, heartbeat(1, STRUCK_MS + 1_000, FIRST), heartbeat(1, STRUCK_MS + 2_000, FIRST))
    assert tell(sign, *steady(1, 3_000, *range(3_300, 12_900, 400))).seconds == 3.0


def test_a_gap_before_the_return_of_the_only_broker_does_not_hide_one_behind_it() -> None:
    sign = NoGap([(FACTS, 0)], STRUCK_MS, 12.0, from_heal=True)
    sign.healed(STRUCK_MS + 6_000)
    tell(sign, *steady(0, 6_400, 9_000, *range(9_400, 18_500, 400)))
    assert sign.seconds == 3.0


def test_the_only_broker_is_timed_from_its_return() -> None:
    sign = NoGap([(FACTS, 0)], STRUCK_MS, 12.0, from_heal=True)
    sign.healed(STRUCK_MS + 6_000)
    tell(sign, *steady(0, 8_500, *range(8_600, 18_500, 400)))
    assert sign.seconds == 2.5


def moved(next_offset: int, epoch: int, at_ms: int) -> Moved:
    return Moved((FACTS, 0), next_offset, epoch, at_ms)


def recorder(after: str, *, from_heal: bool = False) -> RecordsAgain:
    known = {(FACTS, 0): moved(100, 1, 0)}
    return RecordsAgain(known, STRUCK_MS, after=after, from_heal=from_heal)


def test_rows_of_a_recorders_next_life_show_that_it_is_back() -> None:
    sign = recorder("claim")
    sign.moved(moved(105, 1, STRUCK_MS + 5))  # committed before its death
    sign.moved(moved(105, 2, STRUCK_MS + 800))
    assert not sign.done
    sign.moved(moved(110, 2, STRUCK_MS + 900))
    assert sign.seconds == 0.9


def test_after_an_outage_rows_count_from_the_return() -> None:
    sign = recorder("heal", from_heal=True)
    sign.moved(moved(105, 1, STRUCK_MS + 100))
    sign.healed(STRUCK_MS + 5_000)
    assert not sign.done
    sign.moved(moved(106, 1, STRUCK_MS + 6_500))
    assert sign.seconds == 1.5


def test_rows_written_before_the_database_was_missed_do_not_show_its_return() -> None:
    sign = recorder("away")
    sign.moved(moved(105, 1, STRUCK_MS + 10))
    assert not sign.done
    assert sign.missing == "rows of facts/0 do not go on"
    sign.away()
    sign.moved(moved(106, 1, STRUCK_MS + 2_000))
    assert sign.seconds == 2.0


def test_all_sessions_of_the_first_one_that_comes_back_must_come_back() -> None:
    bindings = Bindings()
    bindings.hear(
        facts(0, 1, FIRST, signed_in("a", b"1"), signed_in("b", b"1"), signed_in("c", b"2"))
    )
    sign = SignsInAgain(bindings, STRUCK_MS)
    tell(sign, facts(0, STRUCK_MS + 900, FIRST, signed_in("a", b"2")))
    assert sign.missing == "1 of 2 sessions do not sign in again"
    tell(sign, facts(0, STRUCK_MS + 1_500, FIRST, signed_in("b", b"3")))
    assert sign.told == "2 sessions had signed in again after 1.5 s"


def test_a_session_that_signs_out_is_not_waited_for() -> None:
    bindings = Bindings()
    bindings.hear(facts(0, 1, FIRST, signed_in("a", b"1"), signed_in("b", b"1")))
    sign = SignsInAgain(bindings, STRUCK_MS)
    out = fact(signed_out=session_pb2.SignedOut(session_id="b"))
    tell(sign, facts(0, STRUCK_MS + 900, FIRST, signed_in("a", b"2"), out))
    assert sign.seconds == 0.9


def dialled(session_id: str, at_ms: int) -> Heard:
    started = facts_pb2.DialStarted(session_id=session_id)
    return facts(0, at_ms, FIRST, fact(dial_started=started))


def test_calls_go_on_when_a_session_that_was_suspect_sees_a_number() -> None:
    bindings = Bindings()
    bindings.hear(facts(0, 1, FIRST, signed_in("a", b"1"), signed_in("c", b"2")))
    sign = CallsGoOn(bindings, STRUCK_MS)
    lost = fact(gateway_lost=session_pb2.GatewayLost(boot_id=b"1"))
    tell(sign, facts(0, STRUCK_MS + 5_000, FIRST, lost), dialled("a", STRUCK_MS + 5_500))
    sign.healed(STRUCK_MS + 6_000)
    assert not tell(sign, dialled("c", STRUCK_MS + 6_100)).done
    assert tell(sign, dialled("a", STRUCK_MS + 6_700)).seconds == 0.7


def test_intake_is_back_when_a_foreign_contact_is_ruled_on() -> None:
    sign = ForeignRuled(STRUCK_MS)
    tell(sign, ruling("sim1-5f-0000049", STRUCK_MS + 4_000))
    tell(sign, ruling("sim1-5f-0000050", STRUCK_MS + 100))  # passed on before
    assert not sign.done
    assert tell(sign, ruling("sim1-5f-0000150", STRUCK_MS + 5_000)).seconds == 5.0


def test_a_board_tells_of_each_sign_once_and_keeps_the_owners() -> None:
    told: list[Sign] = []
    board = Board(1, told.append)
    board.hear(heartbeat(0, 1, FIRST))
    board.hear(ruling("sim1-5f-0000001", 2))
    for log in board.logs:
        board.moved(Moved(log, 1, 1, 3))
    assert board.is_known()
    sign = DecidesAgain(FACTS, "dispatcher-0", board.owners(FACTS), STRUCK_MS)
    board.wait_for(sign)
    for at_ms in (STRUCK_MS + 1_000, STRUCK_MS + 2_000):
        board.hear(queued(0, at_ms, SECOND))
    assert told == [sign]
    assert board.owners(FACTS) == {0: SECOND}
    assert board.owners(RULINGS)[0].slot == "router-0"
