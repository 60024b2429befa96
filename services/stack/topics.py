"""Declare the topics of a stack, and refuse a log that was cut into other partitions."""

import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from services.stack.errors import StackError
from services.stack.identity import Identity
from services.stack.identity import load as load_identity
from services.stack.kafka import in_sync_needed
from services.stack.layout import Layout
from services.stack.plan import bootstrap
from services.stack.ports import load as load_ports

ASK_EVERY_S = 0.1
DECLARE_WITHIN_S = 80.0
DAY_MS = 24 * 3600 * 1000
FOR_GOOD = -1
"""Never cut: nothing says yet which snapshots of a fenced log its slowest reader still needs."""


@dataclass(frozen=True)
class Topic:
    """Describe one topic: how it is cut and how long it is kept."""

    name: str
    kept_days: int | None
    """`FOR_GOOD`: never cut. None: compacted, the newest record of each key is kept for good."""
    single: bool = False
    """One partition, whatever the stack was created with."""

    def partitions(self, identity: Identity) -> int:
        """Give the number of partitions that it must have on this stack."""
        return 1 if self.single else identity.partitions

    def _retention_ms(self) -> str:
        return "-1" if self.kept_days == FOR_GOOD else str((self.kept_days or 0) * DAY_MS)

    def configs(self, identity: Identity) -> dict[str, str]:
        """Give its settings on the broker."""
        kept = (
            {"cleanup.policy": "compact"}
            if self.kept_days is None
            else {"cleanup.policy": "delete", "retention.ms": self._retention_ms()}
        )
        return {
            **kept,
            # Broker time is the only time that deciders believe (rule 2.1).
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(in_sync_needed(identity.brokers)),
            "unclean.leader.election.enable": "false",
        }


TOPICS = (
    Topic("seatline.intake.v1", kept_days=3),
    Topic("seatline.contacts.v1", kept_days=7),
    Topic("seatline.rulings.v1", kept_days=FOR_GOOD),
    Topic("seatline.commands.v1", kept_days=7),
    Topic("seatline.facts.v1", kept_days=FOR_GOOD),
    Topic("seatline.dead.v1", kept_days=28),
    Topic("seatline.map.v1", kept_days=None, single=True),
    Topic("seatline.suppressions.v1", kept_days=None, single=True),
)


def declare(addresses: str, identity: Identity, within_s: float) -> None:
    """Wait for all brokers, then create the topics that are missing. Repeats change nothing.

    Raises:
        StackError: The brokers do not answer in time, or a topic has another partition count.
    """
    deadline = time.monotonic() + within_s
    for address in addresses.split(","):
        await_listener(address, deadline)
    _await_brokers(addresses, identity.brokers, deadline)
    try:
        with _client(addresses) as admin:
            missing = _missing(admin, identity)
            if missing:
                _create(admin, missing, identity)
    except KafkaError as error:
        raise StackError(f"kafka at {addresses}: {type(error).__name__}: {error}") from error


def counts(admin: KafkaAdminClient) -> Mapping[str, int]:
    """Give the partition count of every topic there is."""
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def await_listener(address: str, deadline: float) -> None:
    """Wait until something accepts connections at an address.

    Raises:
        StackError: Nothing did until the deadline (monotonic seconds).
    """
    host, _, port = address.rpartition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1.0).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise StackError(f"nothing answers at {address}") from error
            time.sleep(ASK_EVERY_S)
        else:
            return


def _client(addresses: str) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=addresses,
        client_id="seatline-stack",
        bootstrap_timeout_ms=10_000,
        request_timeout_ms=10_000,
    )


def _await_brokers(addresses: str, wanted: int, deadline: float) -> None:
    """Wait until all brokers have joined, with a new client each time.

    One that met the cluster half assembled keeps asking for brokers that it has not heard of.
    """
    while True:
        try:
            with _client(addresses) as admin:
                brokers = admin.describe_cluster()["brokers"]
        except KafkaError as error:
            seen = f"{type(error).__name__}: {error}"
        else:
            present = sum(not broker["is_fenced"] for broker in brokers)
            if present >= wanted:
                return
            seen = f"{present} of {wanted} brokers joined"
        if time.monotonic() > deadline:
            raise StackError(f"kafka at {addresses}: {seen}; see logs/kafka-*.log")
        time.sleep(ASK_EVERY_S)


def _missing(admin: KafkaAdminClient, identity: Identity) -> list[Topic]:
    existing = counts(admin)
    for topic in TOPICS:
        wanted, found = topic.partitions(identity), existing.get(topic.name)
        if found is not None and found != wanted:
            raise StackError(
                f"topic {topic.name} has {found} partitions, this stack was created with {wanted}; "
                "the logs of deciders cannot be cut anew: reset the stack, or delete the topic"
            )
    return [topic for topic in TOPICS if topic.name not in existing]


def _create(admin: KafkaAdminClient, missing: list[Topic], identity: Identity) -> None:
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions(identity),
            "replication_factor": identity.brokers,
            "configs": topic.configs(identity),
        }
        for topic in missing
    }
    try:
        admin.create_topics(wanted, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        # An earlier request that timed out here was carried out there.
        admin.wait_for_topics(list(wanted))


def main(state: Path) -> int:
    """Declare the topics of the stack in this state folder."""
    layout = Layout.of(state)
    identity = load_identity(layout)
    if identity is None:
        print(f"{layout.state} holds no stack; run `make up`", file=sys.stderr)
        return 2
    try:
        declare(bootstrap(identity, load_ports(layout)), identity, DECLARE_WITHIN_S)
    except StackError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
