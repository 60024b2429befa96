"""Read where the stack answers: `endpoints.json` of its state folder."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.errors import NotDoneError, StackAwayError


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a stack answers."""

    kafka: str
    postgres: str
    dispatchers: int
    """Dispatchers that run."""
    key_file: str = ""
    """Sealing key of the stack."""
    slots: dict[str, int] = field(default_factory=dict)
    """Slots of each kind of service."""
    pids: dict[str, int] = field(default_factory=dict)
    """Processes that run, by slot."""
    health: dict[str, str] = field(default_factory=dict)
    """Address of each slot's readiness page."""


def read_endpoints(state: Path) -> Endpoints:
    """Return the endpoints of the stack in a folder.

    Raises:
        StackAwayError: The stack is not up.
        NotDoneError: The file cannot be understood.
    """
    path = state / "endpoints.json"
    try:
        published = json.loads(path.read_text(encoding="utf-8"))
        pids = published.get("pids") or {}
        return Endpoints(
            kafka=str(published.get("kafka") or ""),
            postgres=str(published.get("postgres") or ""),
            dispatchers=sum(1 for name in pids if name.startswith("dispatcher-")),
            key_file=str(published.get("key_file") or ""),
            slots=dict(published.get("slots") or {}),
            pids=dict(pids),
            health=dict(published.get("health") or {}),
        )
    except FileNotFoundError:
        raise StackAwayError(f"--state: no stack is up in {state}") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        reason = type(error).__name__
        raise NotDoneError(
            f"{path}: cannot be read ({reason}); run `make down` and `make up`"
        ) from error
