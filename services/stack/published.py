"""Publish what runs where: `status.json` for our own commands, `endpoints.json` for others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from services.stack.child import Child
from services.stack.kinds import GRPC, HTTP
from services.stack.layout import write_json
from services.stack.plan import KAFKA, POSTGRES, bootstrap
from services.stack.ports import LOOPBACK
from services.stack.postgres import dsn
from services.stack.processes import ProcessId
from services.stack.surroundings import Surroundings

Phase = Literal["starting", "running", "stopping", "failed", "down"]


@dataclass(frozen=True)
class Publication:
    """Write the files that say what runs where."""

    around: Surroundings
    supervisor: ProcessId

    def status(
        self, phase: Phase, error: str | None, children: Iterable[Child], restart: dict[str, Any]
    ) -> None:
        """Replace `status.json`."""
        write_json(
            self.around.layout.status,
            {
                "phase": phase,
                "error": error,
                "plan": self.around.plan.as_json(),
                "restart": restart,
                "processes": {child.command.name: child.as_json() for child in children},
            },
        )

    def endpoints(self, children: Iterable[Child]) -> None:
        """Replace `endpoints.json`."""
        write_json(self.around.layout.endpoints, endpoints(self.around, self.supervisor, children))

    def withdraw_endpoints(self) -> None:
        """Remove `endpoints.json`: nothing answers there any more."""
        self.around.layout.endpoints.unlink(missing_ok=True)


def endpoints(
    around: Surroundings, supervisor: ProcessId, children: Iterable[Child]
) -> dict[str, Any]:
    """Give where and as what others find the stack (`docs/interfaces.md`)."""
    layout, identity, plan, ports = around.layout, around.identity, around.plan, around.ports
    services = plan.services()
    pids = {
        child.command.name: child.standing.process.pid
        for child in children
        if child.standing.process is not None
    }
    return {
        "kafka": bootstrap(identity, ports) if KAFKA in plan.only else None,
        "postgres": dsn(layout, ports) if POSTGRES in plan.only else None,
        "gateways": [
            f"{LOOPBACK}:{ports[f'{name}/{GRPC}']}" for kind, name in services if GRPC in kind.doors
        ],
        "metrics": {name: http_address(ports[f"{name}/{HTTP}"], "metrics") for _, name in services},
        "health": {name: http_address(ports[f"{name}/{HTTP}"], "readyz") for _, name in services},
        "pids": {"supervisor": supervisor.pid, **pids},
        "login_token": layout.login_token.read_text(),
        "mode": identity.mode,
        "policy_offset_s": identity.policy_offset_s,
        "partitions": identity.partitions,
        "brokers": identity.brokers,
        "slots": plan.slots,
        "key_file": str(layout.key),
        "token_file": str(layout.login_token),
    }


def http_address(port: int, page: str) -> str:
    """Give the address of a page that a service serves."""
    return f"http://{LOOPBACK}:{port}/{page}"
