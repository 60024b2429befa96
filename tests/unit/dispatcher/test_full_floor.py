from services.dispatcher.domain import facts
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from tests.support.builders import START_MS, offered, queued, signed_in
from tests.support.scenario import FLOOR, At

RULINGS, COMMANDS = "rulings", "commands"
NOW = At(START_MS, START_MS)


def floor_with(*given: facts.Fact, room_for: int) -> FloorHandler:
    core = FloorHandler(Limits(waiting_max=room_for), RULINGS)
    core.evolve([*FLOOR, *given], START_MS)
    return core


def test_contacts_wait_outside_while_the_floor_is_full_and_nothing_else_does() -> None:
    core = floor_with(queued("c1"), queued("c2"), room_for=2)
    assert not core.admits(RULINGS, NOW)
    assert core.admits(COMMANDS, NOW)


def test_a_contact_that_is_offered_makes_room() -> None:
    core = floor_with(signed_in("s1"), queued("c1"), queued("c2"), room_for=2)
    core.evolve([offered("c1", "s1")], START_MS)
    assert core.admits(RULINGS, NOW)
