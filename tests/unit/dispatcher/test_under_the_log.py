from services.dispatcher.adapters import topics
from services.dispatcher.domain.words import EndReason
from tests.support.builders import ended
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
