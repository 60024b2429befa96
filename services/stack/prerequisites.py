"""Bring what a stack stands on: Java, Maven, PostgreSQL, the broker's jars; spin for the model."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.stack.errors import StackError
from services.stack.kafka import JARS, KAFKA_VERSION
from services.stack.postgres import binaries
from services.stack.progress import say

OLDEST_JAVA = 17
APT_WITHIN_S = 900
MAVEN_WITHIN_S = 600
POM = Path(__file__).with_name("pom.xml")
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.d/seatline.conf")


@dataclass(frozen=True)
class Prerequisite:
    """Name a program that must be on the machine, and the Debian packages that bring it."""

    name: str
    packages: tuple[str, ...]
    present: Callable[[], bool]


def has_java() -> bool:
    """Tell whether a Java of the right age is installed."""
    home = os.environ.get("JAVA_HOME")
    launcher = (shutil.which("java", path=f"{home}/bin") if home else None) or shutil.which("java")
    if launcher is None:
        return False
    shown = subprocess.run((launcher, "-version"), capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', shown.stderr)
    return version is not None and int(version[1]) >= OLDEST_JAVA


def has_jars() -> bool:
    """Tell whether the broker's jars are here: the folder appears only when it is whole."""
    return JARS.is_dir()


PREREQUISITES = (
    Prerequisite(f"Java {OLDEST_JAVA} or newer", ("default-jre-headless",), has_java),
    # Wanted only to fetch the jars.
    Prerequisite("Maven", ("maven",), lambda: has_jars() or shutil.which("mvn") is not None),
    Prerequisite(
        "PostgreSQL 15 or newer",
        ("postgresql", "postgresql-client"),
        lambda: binaries() is not None,
    ),
    Prerequisite("setpriv", ("util-linux",), lambda: shutil.which("setpriv") is not None),
)


FOR_THE_MODEL = (
    Prerequisite("spin", ("spin",), lambda: shutil.which("spin") is not None),
    Prerequisite("a C compiler", ("gcc", "libc6-dev"), lambda: shutil.which("gcc") is not None),
)
"""Needed only by `make model` and its test: a stack starts without them."""


def missing(wanted: Iterable[Prerequisite] = PREREQUISITES) -> list[Prerequisite]:
    """List what is not on this machine."""
    return [each for each in wanted if not each.present()]


def refuse_missing() -> None:
    """Make sure that a stack can start.

    Raises:
        StackError: Something is missing; names everything and the command that brings it.
    """
    names = [each.name for each in missing()] + ([] if has_jars() else ["the broker's jars"])
    if names:
        raise StackError(f"not installed: {', '.join(names)}; run `make setup`")


def bring() -> list[str]:
    """Install what is missing; give the names of what was brought.

    Raises:
        StackError: Something is missing that cannot be installed without a question.
    """
    lacking = missing()
    if lacking:
        _install(lacking)
    brought = [each.name for each in lacking]
    if not has_jars():
        say(f"fetching Apache Kafka {KAFKA_VERSION}")
        _fetch_jars()
        brought.append(f"Apache Kafka {KAFKA_VERSION}")
    return brought + _bring_for_the_model()


def _bring_for_the_model() -> list[str]:
    """Install what only the model needs, or say what is missing: a stack does without."""
    lacking = missing(FOR_THE_MODEL)
    if not lacking:
        return []
    try:
        _install(lacking)
    except StackError as error:
        say(f"needed only by `make model` and its test: {error}")
        return []
    return [each.name for each in lacking]


def _install(lacking: list[Prerequisite]) -> None:
    packages = [package for each in lacking for package in each.packages]
    names = ", ".join(each.name for each in lacking)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StackError(
            f"not installed: {names}. On Debian or Ubuntu: "
            f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}"
        )
    say(f"installing {names}")
    with _no_default_cluster():
        try:
            _apt("install", *packages)
        except StackError:
            # The package lists are missing or too old to find the files: fetch them and try again.
            _apt("update")
            _apt("install", *packages)
    still = [each.name for each in lacking if not each.present()]
    if still:
        raise StackError(
            f"installed {' '.join(packages)}, and yet there is no {', '.join(still)}: "
            "this system's packages are too old; install newer ones by hand and put them on PATH"
        )


def _apt(action: str, *packages: str) -> None:
    _run(
        (
            "apt-get",
            *("-qq", "-y", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends"),
            action,
            *packages,
        ),
        APT_WITHIN_S,
        {"DEBIAN_FRONTEND": "noninteractive"},
    )


@contextmanager
def _no_default_cluster() -> Iterator[None]:
    """Keep Debian from starting a database server of its own when it installs PostgreSQL."""
    CREATE_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    CREATE_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        CREATE_CLUSTER.unlink(missing_ok=True)


def _fetch_jars() -> None:
    """Copy the jars beside their place, then rename: two at once do not disturb each other."""
    home = JARS.parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=home) as folder:
        _run(
            (
                *("mvn", "--batch-mode", "--quiet", "--strict-checksums"),
                *("--file", str(POM), f"-Dkafka.version={KAFKA_VERSION}"),
                *(COPY_GOAL, f"-DoutputDirectory={folder}/lib", "-DincludeScope=runtime"),
            ),
            MAVEN_WITHIN_S,
            {},
        )
        try:
            (Path(folder) / "lib").rename(JARS)
        except OSError:
            if not has_jars():
                raise


def _run(argv: tuple[str, ...], within_s: float, extra_environment: dict[str, str]) -> None:
    """Run an installer; what it says is shown only if it fails."""
    try:
        subprocess.run(
            argv,
            env=os.environ | extra_environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within_s,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{argv[0]} was not done after {within_s:.0f} s; try again") from error
    except subprocess.CalledProcessError as error:
        raise StackError(f"{argv[0]} failed with {error.returncode}:\n{error.stdout}") from error
