"""The pure cores in memory: what a decision costs before anything is read or written."""

from collections.abc import Mapping

from bench.cores.floor import BusyFloor, Size, decision_us
from bench.cores.gate import OpenGate
from bench.figures import Figure, Row
from bench.work import Work
from bench.world import World

_CONTACTS = 50_000
_STEPS = 5_000


def measure_gate(_: World) -> Mapping[str, Figure]:
    """Rule on contacts of all seats with map, policy, silence windows and withdrawals in force."""
    return {"router_gate": Figure(OpenGate(_CONTACTS).rule_on_all())}


def measure_core(_: World) -> Mapping[str, Figure]:
    """Take contacts through their lives on one floor of 20,000 sessions and 225 centres."""
    return {"dispatcher_core": Figure(1e6 / decision_us(BusyFloor(Size()), _STEPS))}


GATE = Work("gate", (Row("router_gate", "contacts/s"),), 3, measure_gate)
CORE = Work("core", (Row("dispatcher_core", "decisions/s"),), 5, measure_core)
