"""Say which processes one run of a stack consists of, and in which order they leave."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from services.stack.errors import StackError
from services.stack.identity import Identity
from services.stack.kinds import KINDS, Kind, kind_named
from services.stack.ports import LOOPBACK, Ports

KAFKA = "kafka"
POSTGRES = "postgres"
PARTS = (*(kind.name for kind in KINDS), POSTGRES, KAFKA)
"""What a stack can consist of, in the order in which it drains."""

MAX_SLOTS = 64


@dataclass(frozen=True)
class Plan:
    """List the slots of each service kind, and the parts to run."""

    slots: dict[str, int] = field(default_factory=lambda: {kind.name: 1 for kind in KINDS})
    only: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            StackError: A part is unknown or a count out of range.
        """
        for part in self.only:
            if part not in PARTS:
                raise StackError(f"only: {part!r} is no part of a stack; choose from {PARTS}")
        for name, count in self.slots.items():
            if not 0 <= count <= MAX_SLOTS:
                raise StackError(f"{name}s: {count} cannot be; give 0 to {MAX_SLOTS}")

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Plan":
        """Read back what `as_json` gave."""
        return cls(slots=stored["slots"], only=tuple(stored["only"]))

    def as_json(self) -> dict[str, object]:
        """Give the plan as plain values."""
        return {**asdict(self), "only": list(self.only)}

    def brokers(self, identity: Identity) -> list[str]:
        """Name the brokers of this run."""
        return broker_names(identity) if KAFKA in self.only else []

    def services(self) -> list[tuple[Kind, str]]:
        """List each service process with its kind."""
        return [
            (kind, f"{kind.name}-{slot}")
            for kind in KINDS
            if kind.name in self.only
            for slot in range(self.slots.get(kind.name, 0))
        ]

    def whole(self) -> "Plan":
        """Give the plan with all its parts: addresses are drawn for those, too, that do not run."""
        return replace(self, only=PARTS)

    def doors(self, identity: Identity) -> list[str]:
        """List the doors of this run that need a port."""
        doors = [f"{name}/{door}" for name in self.brokers(identity) for door in BROKER_DOORS]
        doors += [f"{POSTGRES}/sql"] if POSTGRES in self.only else []
        for kind, name in self.services():
            doors += [f"{name}/{door}" for door in kind.doors]
        return doors


BROKER_DOORS = ("client", "controller")


def broker_names(identity: Identity) -> list[str]:
    """Name all brokers of a stack."""
    return [f"{KAFKA}-{number}" for number in range(identity.brokers)]


def bootstrap(identity: Identity, ports: Ports) -> str:
    """Give the address list under which clients find the brokers."""
    return ",".join(f"{LOOPBACK}:{ports[f'{name}/client']}" for name in broker_names(identity))


def drain_stage(process_name: str) -> int:
    """Give the place of a process in the order of leaving: 0 goes first."""
    if process_name == POSTGRES:
        return PARTS.index(POSTGRES)
    return PARTS.index(process_name.rpartition("-")[0])


def kind_of(process_name: str) -> Kind | None:
    """Give the service kind of a process, or None for a broker or the database."""
    return kind_named(process_name.rpartition("-")[0])
