"""Know where everything of one stack lies, and write files that are whole or absent."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
MIGRATIONS = REPOSITORY / "services" / "recorder" / "migrations"
LOG_LIMIT_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """Name every file of the stack whose state folder is `state`."""

    state: Path

    @classmethod
    def of(cls, state: Path) -> "Layout":
        """Lay out the stack of this folder, which need not exist yet."""
        return cls(state.expanduser().absolute())

    @property
    def identity(self) -> Path:
        """What the stack was created as: never changes."""
        return self.state / "stack.json"

    @property
    def ports(self) -> Path:
        """Which port belongs to whom: only ever grows."""
        return self.state / "ports.json"

    @property
    def status(self) -> Path:
        """What the supervisor last did: phase, processes, restarts."""
        return self.state / "status.json"

    @property
    def endpoints(self) -> Path:
        """Where others reach the stack; absent while it is down."""
        return self.state / "endpoints.json"

    @property
    def key(self) -> Path:
        """The sealing key: 32 bytes."""
        return self.state / "key"

    @property
    def login_token(self) -> Path:
        """What a desk shows the gateway."""
        return self.state / "login_token"

    @property
    def postgres_password(self) -> Path:
        """The database's password, which is also part of the DSN in `endpoints`."""
        return self.state / "postgres_password"

    @property
    def supervisor(self) -> Path:
        """Which process supervises the stack."""
        return self.state / "supervisor.json"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.state / "supervisor.lock"

    @property
    def command_lock(self) -> Path:
        """Held by up, down and reset, one at a time."""
        return self.state / "command.lock"

    @property
    def logs(self) -> Path:
        """The folder of `NAME.log`."""
        return self.state / "logs"

    @property
    def postgres(self) -> Path:
        """The folder of the database server, which belongs to its OS user."""
        return self.state / "postgres"

    def broker(self, name: str) -> Path:
        """The folder of one broker."""
        return self.state / name

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def rotated_log(self, name: str) -> Path:
        """Give the log to append to, having moved a full one aside."""
        self.logs.mkdir(parents=True, exist_ok=True)
        path = self.log(name)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file in one step; only its owner may read it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def write_json(path: Path, value: object) -> None:
    """Replace a file by this value as JSON, in one step."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote; one that is not there reads as empty."""
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return value


def make_secrets(layout: Layout) -> None:
    """Draw the sealing key, the login token and the database password, once."""
    if not layout.key.exists():
        write_bytes(layout.key, secrets.token_bytes(32))
    for path in (layout.login_token, layout.postgres_password):
        if not path.exists():
            write_text(path, secrets.token_urlsafe(24))
