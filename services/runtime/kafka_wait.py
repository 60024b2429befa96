"""Wait for the broker and its topics, and say so; never create or repair them."""

from collections.abc import Mapping
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.errors import PromiseBrokenError

_ASK_S = 2.0
_PAUSE_S = 0.5


class Waiting(Protocol):
    """What waiting needs of the process around it."""

    def still_waiting(self, why: str) -> bool:
        """Report the reason (readiness and log), pause, and return False once asked to stop."""


def wait_for_topics(bootstrap: str, topics: Mapping[str, int], waiting: Waiting) -> bool:
    """Return True once every topic is there with its partition count.

    Args:
        bootstrap: Addresses of the broker.
        topics: Partition count by topic.
        waiting: The process around; decides how long to go on.

    Returns:
        False when the process was asked to stop first.

    Raises:
        PromiseBrokenError: A topic has another partition count (rule 1.10).
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    while True:
        why = _missing(admin, topics)
        if why is None:
            return True
        if not waiting.still_waiting(why):
            return False


def _missing(admin: AdminClient, topics: Mapping[str, int]) -> str | None:
    try:
        known = admin.list_topics(timeout=_ASK_S).topics
    except KafkaException as error:
        return f"Kafka does not answer: {error.args[0].str()}"
    for topic, partitions in topics.items():
        found = known.get(topic)
        if found is None or found.error is not None or not found.partitions:
            return f"topic {topic} is not there yet"
        if len(found.partitions) != partitions:
            raise PromiseBrokenError(
                f"{topic} has {len(found.partitions)} partitions, this stack was created with "
                f"{partitions}: counts are fixed; correct SEATLINE_PARTITIONS or the topic"
            )
    return None
