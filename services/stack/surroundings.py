"""Hold what every process of one run is made from."""

from dataclasses import dataclass

from services.stack.identity import Identity
from services.stack.layout import Layout
from services.stack.plan import Plan
from services.stack.ports import Ports


@dataclass(frozen=True)
class Surroundings:
    """Hold what every process of a run is made from."""

    layout: Layout
    identity: Identity
    plan: Plan
    ports: Ports
    environment: dict[str, str]
    """What the processes inherit."""
    log_level: str = "info"
