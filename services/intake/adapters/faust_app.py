"""Build the Faust app: Faust's defaults where they are right, ours where they are not."""

from dataclasses import dataclass
from pathlib import Path

import faust

GROUP = "seatline-intake"
EVENTS_BUFFERED_MAX = 500
SEND_LIMIT_S = 15.0


@dataclass(frozen=True, slots=True)
class AppPlace:
    """Where an app runs."""

    kafka: str
    """Bootstrap servers, host:port[,host:port]."""
    slot: str
    """Static member id: the same process comes back to its partitions without a rebalance."""
    folder: Path
    """For what Faust wants to put on a disk; nothing of worth."""


def new_app(place: AppPlace) -> faust.App:
    """Return an app that has not started and has no agents. Nothing is sent or created."""
    return faust.App(
        GROUP,
        broker=[f"kafka://{address}" for address in place.kafka.split(",")],
        datadir=str(place.folder),
        autodiscover=False,
        # No server of Faust's: metrics and health have their own door, and tables are not shown.
        web_enabled=False,
        web_tables_enabled=False,
        # Topics belong to the stack; what is missing is waited for, never made.
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=place.slot,
        # From 60 s: a killed worker's partitions wait for this long if it does not come back.
        broker_session_timeout=8.0,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=15.0,
        broker_commit_interval=1.0,
        # From 20 minutes.
        producer_request_timeout=SEND_LIMIT_S,
        producer_acks=-1,
        producer_linger=0.0,
        stream_buffer_maxsize=EVENTS_BUFFERED_MAX,
        # Waiting swallows cancellation and has no limit: after a failed send it would never end.
        # Without it a rebalance repeats what was in flight, and repeats are harmless.
        stream_wait_empty=False,
        processing_guarantee="at_least_once",
    )
