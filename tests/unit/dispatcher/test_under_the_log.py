import pytest

from services.dispatcher.adapters import topics
from services.dispatcher.domain import facts
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.words import EndReason
from tests.support.builders import S, ended, offered, queued, signed_in
from tests.support.scenario import CONFIRMED, FLOOR
from tests.unit.dispatcher.floor_town import FloorTown


def test_while_the_commands_leader_is_away_nothing_that_needs_time_happens_on_its_floor() -> None:
    town = FloorTown()
    for number in (0, 1):
        town.given(number, *FLOOR, *CONFIRMED)
    one = town.open(0)
    town.turn(one)
    assert one.owns() == {0, 1}
    town.broker.away = {(topics.COMMANDS, 0)}
    town.turn(one, times=400, ms=100)
    never_dialled = ended("c1", "s1", EndReason.NEVER_DIALLED, spent=False, not_before=None)
    assert town.facts(0) == []
    assert never_dialled in town.facts(1)
    town.broker.away = False
    town.turn(one, times=20, ms=100)
    assert never_dialled in town.facts(0)


CALLERS = 30
OFFERS = (
    *(signed_in(f"s{n}") for n in range(CALLERS)),
    *(queued(f"c{n}") for n in range(CALLERS)),
    *(offered(f"c{n}", f"s{n}") for n in range(CALLERS)),
)


def accepted_in_time_and_left_behind() -> FloorTown:
    """Give a town whose owner fell behind by a minute, and died with the accepts unread."""
    town = FloorTown()
    town.given(0, *FLOOR, *OFFERS)
    for second in range(1, 61):
        town.clock.advance(S)
        town.alive(0)
        if second <= CALLERS // 2:
            town.accept(0, 2 * second - 2)
            town.accept(0, 2 * second - 1)
        town.heartbeat(0)
    return town


@pytest.mark.parametrize("limit", [20, 500])
def test_after_a_minute_of_backlog_accepts_that_came_in_time_are_honoured_and_no_lease_expires(
    limit: int,
) -> None:
    town = accepted_in_time_and_left_behind()
    heir = town.open(1)
    heir.reader.limit = limit
    town.pass_silence(heir)
    town.turn(heir, times=60)
    assert heir.owns() >= {0}
    decided = town.facts(0)
    assert [f.attempt.contact_id for f in decided if isinstance(f, facts.Confirmed)] == [
        f"c{n}" for n in range(CALLERS)
    ]
    assert not [f for f in decided if isinstance(f, facts.OfferExpired | facts.GatewayLost)]


def test_an_heir_lets_no_lease_expire_before_it_has_read_the_first_command_of_a_backlog() -> None:
    town = accepted_in_time_and_left_behind()
    heir = town.open(1)
    heir.reader.pause([(topics.COMMANDS, 0)])
    town.pass_silence(heir)
    assert heir.owns() >= {0}
    assert town.facts(0) == []
    heir.reader.resume([(topics.COMMANDS, 0)])
    town.turn(heir, times=10)
    told = [type(f) for f in town.facts(0)]
    assert told.count(facts.Confirmed) == CALLERS
    assert facts.OfferExpired not in told


def test_what_is_confirmed_out_of_a_backlog_may_be_dialled_as_long_as_any_other() -> None:
    town = accepted_in_time_and_left_behind()
    heir = town.open(1)
    town.pass_silence(heir)
    confirmed = [f for f in town.facts(0) if isinstance(f, facts.Confirmed)]
    assert {f.dial_by_ms for f in confirmed} <= {
        written_ms + Limits().dial_window_ms for written_ms in town.written_ms(0)
    }
    town.alive(0)
    town.turn(heir, times=100, ms=100)
    assert not [f for f in town.facts(0) if isinstance(f, facts.Ended)]
    town.turn(heir, times=100, ms=100)
    ends = [f.reason for f in town.facts(0) if isinstance(f, facts.Ended)]
    assert ends == [EndReason.NEVER_DIALLED] * CALLERS


def test_an_accept_that_came_too_late_is_too_late_out_of_a_backlog_too() -> None:
    town = FloorTown()
    town.given(0, *FLOOR, *OFFERS[:1], queued("c0"), offered("c0", "s0"))
    for second in range(1, 61):
        town.clock.advance(S)
        town.alive(0)
        if second == 21:
            town.accept(0, 0)
    heir = town.open(1)
    town.pass_silence(heir)
    told = [type(f) for f in town.facts(0)]
    assert told.count(facts.CommandRefused) == told.count(facts.OfferExpired) == 1
    assert facts.Confirmed not in told
