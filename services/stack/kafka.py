"""Run Apache Kafka brokers in KRaft mode, each a broker and a controller at once."""

import os
import shutil
from pathlib import Path

from services.stack.command import Command
from services.stack.errors import StackError
from services.stack.identity import Identity
from services.stack.layout import REPOSITORY, write_text
from services.stack.plan import broker_names
from services.stack.ports import LOOPBACK, Ports
from services.stack.programs import run
from services.stack.surroundings import Surroundings

KAFKA_VERSION = "4.3.1"
JARS = REPOSITORY / ".cache" / f"kafka-{KAFKA_VERSION}" / "lib"
HEAP = "512m"
FORMAT_WITHIN_S = 60.0
LOGGING = Path(__file__).with_name("log4j2.properties")


def java() -> str:
    """Find the Java launcher.

    Raises:
        StackError: There is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if found is None:
        raise StackError("Java is not installed; run `make setup`")
    return found


def in_sync_needed(brokers: int) -> int:
    """Give how many replicas must hold a record before it counts as written."""
    return 2 if brokers > 1 else 1


def broker_settings(number: int, identity: Identity, ports: Ports, data: Path) -> dict[str, str]:
    """Give the `server.properties` of one broker."""
    name = broker_names(identity)[number]
    client, controller = ports[f"{name}/client"], ports[f"{name}/controller"]
    replicas, in_sync = str(identity.brokers), str(in_sync_needed(identity.brokers))
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "listeners": f"PLAINTEXT://{LOOPBACK}:{client},CONTROLLER://{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.quorum.bootstrap.servers": ",".join(
            f"{LOOPBACK}:{ports[f'{each}/controller']}" for each in broker_names(identity)
        ),
        "log.dirs": str(data),
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "unclean.leader.election.enable": "false",
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": "8",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": "0",
        # Tests and takeovers want a dead member noticed sooner than the default floor of 6 s.
        "group.min.session.timeout.ms": "1000",
        # A dead broker's partitions are led by another within 10 s: half of that to notice it.
        "broker.heartbeat.interval.ms": "1000",
        "broker.session.timeout.ms": "5000",
        # One that signs off is let in again at once, instead of after its session. Several leave
        # together, and would wait for the quorum that is leaving too.
        "controlled.shutdown.enable": str(identity.brokers == 1).lower(),
        "num.network.threads": "2",
        "num.io.threads": "2",
        "background.threads": "2",
        "num.recovery.threads.per.data.dir": "2",
        "log.cleaner.dedupe.buffer.size": "16777216",
        "log.index.size.max.bytes": "2097152",
    }


def command(number: int, around: Surroundings) -> Command:
    """Describe the process of one broker."""
    name = broker_names(around.identity)[number]
    home = around.layout.broker(name)
    options = (
        f"-Xms{HEAP}",
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",
        # Its heap in few pages, whose translations a core keeps between two requests.
        "-XX:+UseTransparentHugePages",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
    )
    return Command(
        name=name,
        argv=(*_launch(*options), "kafka.Kafka", str(home / "server.properties")),
        environment=around.environment,
        folder=home,
        stop_within_s=30.0,
        ports={door: around.ports[f"{name}/{door}"] for door in ("client", "controller")},
    )


async def prepare(number: int, around: Surroundings) -> None:
    """Write a broker's settings, and format its disk if it has none.

    Formatting happens beside the final folder and ends with a rename, so that an interrupted one
    leaves nothing behind that looks finished.

    Raises:
        StackError: The disk cannot be formatted.
    """
    identity, ports = around.identity, around.ports
    home = around.layout.broker(broker_names(identity)[number])
    data, fresh = home / "data", home / "data.new"
    home.mkdir(parents=True, exist_ok=True)
    _write_properties(home / "server.properties", broker_settings(number, identity, ports, data))
    if data.exists():
        return
    shutil.rmtree(fresh, ignore_errors=True)
    properties = home / "format.properties"
    _write_properties(properties, broker_settings(number, identity, ports, fresh))
    await run(
        (
            *_launch("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
            "kafka.tools.StorageTool",
            "format",
            *("--cluster-id", identity.cluster_id),
            *("--initial-controllers", _voters(identity, ports)),
            *("--config", str(properties)),
        ),
        around.environment,
        within_s=FORMAT_WITHIN_S,
        purpose="format the broker's disk",
    )
    fresh.rename(data)


def _launch(*options: str) -> tuple[str, ...]:
    return (
        java(),
        *options,
        f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
        *("-cp", f"{JARS}/*"),
    )


def _voters(identity: Identity, ports: Ports) -> str:
    return ",".join(
        f"{number}@{LOOPBACK}:{ports[f'{name}/controller']}:{identity.directory_ids[number]}"
        for number, name in enumerate(broker_names(identity))
    )


def _write_properties(path: Path, values: dict[str, str]) -> None:
    write_text(path, "".join(f"{name}={value}\n" for name, value in values.items()))
