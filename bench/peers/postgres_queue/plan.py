"""What is drawn before the start: the simulator's seats, callers and arrivals, in numbers."""

from random import Random

from bench.peers.postgres_queue.database import CallerRow
from bench.peers.postgres_queue.queue import Arriving
from services.simulator.adapters.files import map_file, territory
from services.simulator.domain.arrivals import Arrival, plan_arrivals
from services.simulator.domain.calls import Script
from services.simulator.domain.chance import Chance
from services.simulator.domain.staffing import hire, staff
from services.simulator.settings import LoadOptions

_SEALED = bytes(128)
"""About as long as a sealed person; nobody reads what it says."""


class Plan:
    """A run as the simulator would draw it from the same options."""

    def __init__(self, options: LoadOptions) -> None:
        """Draw everything.

        Raises:
            FileFaultError: There is no such map.
        """
        self.run = f"peer{options.seed}"
        self.load = options.as_load()
        self.script = Script(_chance, options.seed, options.aht * 1_000.0)
        land = territory(map_file(options.centres))
        sessions = staff(land.centres, options.sessions)
        self.arrivals = plan_arrivals(
            self.load, land.seats, sessions, _chance(f"{options.seed}/arrivals")
        )
        chance = _chance(f"{options.seed}/callers")
        self.teams = hire(self.run, land.centres, sessions, self.script.plan_of, chance)
        """Callers by centre; a centre's number is its place, a caller's counts on through all."""
        numbers = {centre.centre_id: number for number, centre in enumerate(land.centres)}
        self._centre_of = {seat.seat_id: numbers[seat.centre_id] for seat in land.seats}
        spoken = sorted({language for seat in land.seats for language in seat.languages})
        self._bit_of = {language: 1 << place for place, language in enumerate(spoken)}

    def callers(self) -> list[CallerRow]:
        """Return the rows of all callers."""
        placed = [(centre, caller) for centre, team in enumerate(self.teams) for caller in team]
        return [
            CallerRow(number, centre, sum(self._bit_of[each] for each in caller.languages))
            for number, (centre, caller) in enumerate(placed)
        ]

    def contact(self, arrival: Arrival) -> Arriving:
        """Return the contact of an arrival."""
        return Arriving(
            contact_id=arrival.number,
            centre_id=self._centre_of[arrival.seat_id],
            language=self._bit_of.get(arrival.language, 0),
            priority=arrival.priority,
            sealed=_SEALED,
        )


def _chance(seed: str) -> Chance:
    return Random(seed).random
