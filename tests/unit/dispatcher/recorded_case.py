"""A day of a floor in a minute, drawn from a seed; printed, to be compared across processes."""

import random
import sys
from typing import Any

from services.dispatcher.domain.facts import Offered
from services.dispatcher.domain.inputs import DrainCentre, NewMap, NewStop
from services.dispatcher.domain.words import StopScope
from services.dispatcher.handlers import FloorHandler
from tests.support.builders import (
    CENTRES,
    OTHER_CENTRE,
    OTHER_SEAT,
    SEAT,
    S,
    accept,
    centre_slice,
    outcome,
    routed,
    sign_in,
    unsealing,
    withdraw,
)
from tests.support.scenario import Scenario, given
from tests.unit.dispatcher.laws import dump

LANGUAGES = ("hi", "ta", "en", "bn")
WHERE: tuple[dict[str, Any], ...] = ({}, {"centre_id": OTHER_CENTRE, "seat_id": OTHER_SEAT})


def recorded(seed: int) -> Scenario:
    chance = random.Random(seed)
    script = given()
    for number in range(60):
        languages = tuple(chance.sample(LANGUAGES, 3))
        centre = CENTRES[number % 2].centre_id
        script.when(sign_in(f"s{number}", languages=languages, centre_id=centre), at=number * 10)
    for number in range(200):
        language, person = chance.choice(("", *LANGUAGES)), f"person {number % 50}".encode()
        item = routed(f"c{number}", language=language, person_key=person, **WHERE[number % 2])
        script.when(item, at=S + number * 50)
        if chance.random() < 0.6:
            script.looking()
        if number % 40 == 39:
            _answer(script, chance)
    script.when(NewMap(2, (*CENTRES, centre_slice("C003", "S01-1"))), at=15 * S).looking()
    script.when(withdraw("c7")).when(NewStop(StopScope.SEAT, SEAT)).looking()
    script.when(DrainCentre(OTHER_CENTRE)).passing(40 * S)
    return script


def _answer(script: Scenario, chance: random.Random) -> None:
    for fact in script.so_far():
        if isinstance(fact, Offered) and chance.random() < 0.7:
            script.when(accept(fact.attempt.contact_id, fact.session_id))
            script.when(unsealing(fact.attempt.contact_id, fact.session_id))
            script.when(outcome(fact.attempt.contact_id, fact.session_id))


def main() -> None:
    script = recorded(seed=7)
    heir = FloorHandler(script.core.floor.limits)
    for at_ms, fact in script.log:
        heir.evolve([fact], at_ms)
    same = dump(script.core.floor) == dump(heir.floor)
    lines = [*map(repr, script.log), f"{same} {dump(heir.floor)}"]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
