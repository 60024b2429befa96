"""Which contact comes when, and what its caller does: drawn as the simulator draws it."""

from random import Random

from bench.bare_path.setting import BareLoad, Contact
from services.runtime.partitioning import partition_of
from services.simulator.adapters.files import map_file, territory
from services.simulator.domain.arrivals import plan_arrivals
from services.simulator.domain.calls import plan_call
from services.simulator.domain.measure import contact_id
from services.simulator.domain.staffing import staff


def plan(load: BareLoad) -> list[Contact]:
    """Return all contacts in the order of their times.

    Every caller accepts: the one in a hundred that does not would need somebody who decides. A
    stream carries the centres that the simulator would give it.
    """
    options = load.as_options()
    land = territory(map_file(options.centres))
    sessions = staff(land.centres, options.sessions)
    chance = Random(f"{load.seed}/arrivals").random
    numbers = {centre.centre_id: number for number, centre in enumerate(land.centres)}
    centre_of = {seat.seat_id: seat.centre_id for seat in land.seats}
    contacts: list[Contact] = []
    for arrival in plan_arrivals(options.as_load(), land.seats, sessions, chance):
        centre_id = centre_of[arrival.seat_id]
        call = plan_call(chance, load.aht_s * 1_000.0)
        contacts.append(
            Contact(
                at_s=arrival.at_ms / 1_000.0,
                partition=partition_of(
                    contact_id("bare", arrival.number).encode(), load.partitions
                ),
                floor=partition_of(centre_id.encode(), load.partitions),
                stream=numbers[centre_id] % load.streams,
                think_s=call.think_ms / 1_000.0,
                talk_s=call.talk_ms / 1_000.0,
                wrap_up_s=call.wrap_up_ms / 1_000.0,
            )
        )
    return contacts
