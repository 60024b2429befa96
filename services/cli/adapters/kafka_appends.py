"""Appending on a real broker, by confluent-kafka."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, Message, Producer

from services.cli.errors import StackAwayError

SETTLED_WITHIN_S = 5.0
_CONFIG = {
    "client.id": "seatline-cli",
    "log_level": 0,
    "socket.connection.setup.timeout.ms": 3_000,
    "enable.idempotence": True,
    "acks": "all",
    "delivery.timeout.ms": 4_000,
    "request.timeout.ms": 3_000,
    "linger.ms": 0,
}


class KafkaAppends:
    """Appends idempotently; connects at the first append."""

    def __init__(self, bootstrap: str) -> None:
        """Prepare.

        Args:
            bootstrap: Addresses, `host:port[,host:port]`.
        """
        self._bootstrap = bootstrap
        self._producer: Producer | None = None

    def append_all(self, records: Sequence[tuple[str, int, bytes]]) -> list[int]:
        """Append values; see `Appends.append_all`."""
        if self._producer is None:
            self._producer = Producer({**_CONFIG, "bootstrap.servers": self._bootstrap})
        offsets: dict[int, int] = {}
        failed: list[str] = []
        for number, (topic, partition, value) in enumerate(records):

            def note(error: KafkaError | None, message: Message, number: int = number) -> None:
                if error is not None:
                    failed.append(error.name())
                else:
                    offsets[number] = int(message.offset() or 0)

            self._producer.produce(topic, value=value, partition=partition, on_delivery=note)
        self._producer.flush(SETTLED_WITHIN_S)
        if len(offsets) < len(records):
            missing = len(records) - len(offsets)
            reason = failed[0] if failed else "no answer"
            raise StackAwayError(
                f"Kafka at {self._bootstrap} did not acknowledge {missing} of {len(records)} "
                f"records ({reason}); they may be there: repeat the command in half a minute, "
                "which completes what is missing"
            )
        return [offsets[number] for number in range(len(records))]
