"""Inputs that could not be decided: a line in the log, a dead letter, and a ceiling (rule 1.9)."""

from collections import defaultdict
from typing import Any

from seatline.dead.v1 import dead_pb2
from services.runtime.dead_letters import CEILING, DeadLetterCeiling
from services.runtime.errors import HeldBackError, PoisonError, PromiseBrokenError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogWriter, SendError, Sent, TopicPartition

DEAD = "seatline.dead.v1"
_SERVE_S = 0.05


class SetAside:
    """Sends what was set aside to the dead letters."""

    def __init__(self, process: Process, writer: LogWriter, service: str) -> None:
        """Prepare.

        Args:
            process: The process around.
            writer: The log.
            service: Name of the service, for the letters.
        """
        self._process = process
        self._writer = writer
        self._service = service
        self._ceilings: dict[TopicPartition, DeadLetterCeiling] = defaultdict(DeadLetterCeiling)
        self._held_back: set[TopicPartition] = set()

    def send(self, failure: Failure, pending: Pending[Any], subject: str = "") -> None:
        """Send one dead letter, and return when it is acknowledged.

        The loop stands still for that moment: there are a few a minute at most, of each partition.

        Args:
            failure: What is given up.
            pending: The record that it stands in.
            subject: Id of what the input is about; empty when it is not known.

        Raises:
            HeldBackError: There were too many of this partition within a minute: something here
                is wrong, and a hand is called before more of them are given up.
            PromiseBrokenError: It was not acknowledged.
        """
        source = (failure.topic, failure.partition)
        if not self._ceilings[source].allows(self._process.clock.monotonic_ms()):
            self._hold_back(source)
            raise HeldBackError
        self._held_back.discard(source)
        self._process.log.error(
            "input set aside",
            topic=failure.topic,
            partition=failure.partition,
            offset=failure.offset,
            index=failure.index,
            reason=failure.reason,
        )
        item = dict(pending.items).get(failure.index)
        self._keep(failure, item if isinstance(item, PoisonError) else None, subject)

    def _hold_back(self, source: TopicPartition) -> None:
        """Say it once: it is asked for again every turn."""
        if source not in self._held_back:
            self._held_back.add(source)
            self._process.log.error(
                "inputs held back",
                topic=source[0],
                partition=source[1],
                why=f"{CEILING} of this partition were set aside within a minute; the next waits, "
                "and what lies behind it: see `seatline dead list`, mend the cause, restart this "
                "process, `seatline dead requeue`",
            )

    def _keep(self, failure: Failure, error: PoisonError | None, subject: str) -> None:
        settled: list[Sent | SendError] = []
        letter = dead_letter(self._service, failure, error, subject)
        self._writer.send((DEAD, failure.partition), letter, settled.append)
        while not settled:  # the writer settles every send within its own deadline
            self._process.health.beat()
            self._writer.serve(_SERVE_S)
        if isinstance(settled[0], SendError):
            raise PromiseBrokenError(f"a dead letter was not acknowledged: {settled[0].reason}")


def dead_letter(
    service: str, failure: Failure, error: PoisonError | None, subject: str = ""
) -> bytes:
    """Return the dead letter of an input; the topic still keeps its bytes."""
    undecidable = dead_pb2.DEAD_REASON_UNDECIDABLE
    return dead_pb2.DeadLetter(
        service=service,
        topic=failure.topic,
        partition=failure.partition,
        offset=failure.offset,
        index=failure.index,
        reason=undecidable if error is None else dead_pb2.DEAD_REASON_UNREADABLE,
        field="" if error is None else error.field,
        contact_id=subject,
    ).SerializeToString()
