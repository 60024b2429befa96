"""Start a service with exactly the settings that it knows."""

import sys

from services.stack.command import Command
from services.stack.kinds import EVERYBODY, GRPC, HTTP, Kind
from services.stack.layout import REPOSITORY
from services.stack.plan import bootstrap
from services.stack.postgres import dsn
from services.stack.surroundings import Surroundings

STOP_WITHIN_S = 20.0


def command(kind: Kind, slot: str, around: Surroundings) -> Command:
    """Describe the service process of this slot."""
    doors = {door: around.ports[f"{slot}/{door}"] for door in kind.doors}
    return Command(
        name=slot,
        argv=(sys.executable, "-m", f"services.{kind.name}"),
        environment={**around.environment, **settings(kind, slot, around)},
        folder=REPOSITORY,
        stop_within_s=STOP_WITHIN_S,
        ports=doors,
    )


def settings(kind: Kind, slot: str, around: Surroundings) -> dict[str, str]:
    """Give the settings of one process, by the names in `docs/plan.md`."""
    layout, identity, ports = around.layout, around.identity, around.ports
    known = {
        "SEATLINE_KAFKA": bootstrap(identity, ports),
        "SEATLINE_STATE": str(layout.state),
        "SEATLINE_SLOT": slot,
        "SEATLINE_SLOTS": str(around.plan.slots.get(kind.name, 0)),
        "SEATLINE_PARTITIONS": str(identity.partitions),
        "SEATLINE_HTTP_PORT": str(ports[f"{slot}/{HTTP}"]),
        "SEATLINE_KEY_FILE": str(layout.key),
        "SEATLINE_TOKEN_FILE": str(layout.login_token),
        "SEATLINE_MODE": identity.mode,
        "SEATLINE_LOG_LEVEL": around.log_level,
    }
    if identity.mode == "rehearsal":
        known["SEATLINE_POLICY_OFFSET_S"] = str(identity.policy_offset_s)
    if GRPC in kind.doors:
        known["SEATLINE_GRPC_PORT"] = str(ports[f"{slot}/{GRPC}"])
    if "SEATLINE_POSTGRES" in kind.settings:
        known["SEATLINE_POSTGRES"] = dsn(layout, ports)
    return {name: known[name] for name in sorted(known) if name in EVERYBODY | kind.settings}
