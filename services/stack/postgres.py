"""Run a PostgreSQL server that only this machine can reach, with a password of its own.

The server refuses to run as root: then it runs as the OS user `postgres`. Connections are
authenticated with SCRAM even on loopback: other users of the machine can reach the port, and the
role is a superuser.
"""

import asyncio
import os
import pwd
import shutil
import signal
import sys
import time
from pathlib import Path

import asyncpg

from services.stack.command import Command, tie
from services.stack.errors import StackError
from services.stack.layout import MIGRATIONS, Layout, write_text
from services.stack.ports import LOOPBACK, Ports
from services.stack.programs import run
from services.stack.surroundings import Surroundings

OLDEST_VERSION = 15
ROLE = "postgres"
"""Not `seatline`: a role comes first in its search path, before `public`, where dbmate writes."""
DATABASE = "seatline"
OS_USER = "postgres"
DEBIAN_VERSIONS = Path("/usr/lib/postgresql")
INITDB_WITHIN_S = 60.0
MIGRATE_WITHIN_S = 120.0
ASK_EVERY_S = 0.1
"""Between two attempts to reach a server that is starting."""

SERVER_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # Nobody is meant to come in by another door, and a state folder's path may be too long for one.
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Promise 6: no statement, parameter or key value of a failing row in a log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def binaries() -> Path | None:
    """Find the newest PostgreSQL that is new enough, or None."""
    versions = [each.name for each in DEBIAN_VERSIONS.glob("*") if (each / "bin/initdb").exists()]
    recent = [int(name) for name in versions if name.isdigit() and int(name) >= OLDEST_VERSION]
    if recent:
        return DEBIAN_VERSIONS / str(max(recent)) / "bin"
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def dsn(layout: Layout, ports: Ports, database: str = DATABASE) -> str:
    """Give the address of a database on the stack's server, password included."""
    password = layout.postgres_password.read_text()
    port = ports["postgres/sql"]
    return f"postgres://{ROLE}:{password}@{LOOPBACK}:{port}/{database}?sslmode=disable"


def command(around: Surroundings) -> Command:
    """Describe the server process."""
    port = around.ports["postgres/sql"]
    settings = SERVER_SETTINGS | {"port": str(port)}
    data = around.layout.postgres / "data"
    return Command(
        name="postgres",
        argv=(
            *_as_server_user(data),
            str(_binary("postgres")),
            *("-D", str(data)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ),
        environment=around.environment,
        folder=Path("/"),
        # "Fast": roll back and disconnect. SIGTERM would wait until every client has gone.
        stop_signal=signal.SIGINT,
        stop_within_s=30.0,
        ports={"sql": port},
    )


async def prepare(around: Surroundings) -> None:
    """Create the server's data folder, if there is none; an interrupted creation leaves none.

    Raises:
        StackError: It cannot be created.
    """
    home = around.layout.postgres
    data, fresh, password = home / "data", home / "data.new", home / "password"
    if data.exists():
        return
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    write_text(password, around.layout.postgres_password.read_text())
    if os.geteuid() == 0:
        _give_to_server_user(home, password)
    await run(
        (
            *_as_server_user(fresh),
            str(_binary("initdb")),
            *("-D", str(fresh), "-U", ROLE, "--pwfile", str(password)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--no-sync", "--no-instructions"),
        ),
        around.environment,
        within_s=INITDB_WITHIN_S,
        purpose="create the database server's data folder",
    )
    password.unlink()
    fresh.rename(data)


async def ready_database(layout: Layout, ports: Ports, within_s: float) -> None:
    """Wait for the server and create the database, if there is none.

    Raises:
        StackError: The server does not answer in time.
    """
    connection = await _connect(dsn(layout, ports, "postgres"), within_s)
    try:
        known = await connection.fetchval(
            "SELECT count(*) FROM pg_database WHERE datname = $1", DATABASE
        )
        if not known:
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


def has_migrations(folder: Path) -> bool:
    """Tell whether a folder holds migrations."""
    return any(folder.glob("*.sql"))


async def migrate(address: str, environment: dict[str, str], migrations: Path = MIGRATIONS) -> bool:
    """Bring a database to the newest schema; False if there are no migrations to apply.

    Raises:
        StackError: A migration fails.
    """
    if not has_migrations(migrations):
        return False
    await run(
        (
            _dbmate(),
            *("--url", address, "--migrations-dir", str(migrations)),
            *("--no-dump-schema", "migrate"),
        ),
        environment,
        within_s=MIGRATE_WITHIN_S,
        purpose=f"apply the migrations in {migrations.relative_to(migrations.parents[2])}",
    )
    return True


async def _connect(address: str, within_s: float) -> asyncpg.Connection:
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await asyncpg.connect(address, timeout=5.0)
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise StackError(
                    f"postgres does not answer after {within_s:.0f} s; see logs/postgres.log"
                ) from error
            await asyncio.sleep(ASK_EVERY_S)


def _binary(name: str) -> Path:
    folder = binaries()
    if folder is None:
        raise StackError(f"PostgreSQL {OLDEST_VERSION} or newer is missing; run `make setup`")
    return folder / name


def _dbmate() -> str:
    beside = Path(sys.executable).with_name("dbmate")
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise StackError("dbmate is missing from the Python environment; run `make setup`")
    return found


def _give_to_server_user(*paths: Path) -> None:
    user = pwd.getpwnam(OS_USER)
    for path in paths:
        os.chown(path, user.pw_uid, user.pw_gid)


def _as_server_user(data: Path) -> tuple[str, ...]:
    # The change of user clears the signal that Command.tied_argv set, so it is set again after it.
    tied = tie(signal.SIGINT)
    if os.geteuid() != 0:
        return tied
    user = (f"--reuid={OS_USER}", f"--regid={OS_USER}", "--init-groups")
    return ("setpriv", *user, *_way_through(data), *tied[1:])


def _way_through(data: Path) -> tuple[str, ...]:
    """Let the server reach a state folder below one that others may not enter, such as /tmp/x.

    The ambient capability covers reading and entering only, and only where it is needed.
    """
    if all(parent.stat().st_mode & 0o001 for parent in data.parents[1:]):
        return ()
    return ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
