"""Inputs that could not be decided: a line in the log, a dead letter, and a ceiling (rule 1.9)."""

from typing import Any

from seatline.dead.v1 import dead_pb2
from services.runtime.dead_letters import CEILING, DeadLetterCeiling
from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogWriter, SendError, Sent

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
        self._ceiling = DeadLetterCeiling()

    def send(self, failure: Failure, pending: Pending[Any], subject: str = "") -> None:
        """Send one dead letter, and return when it is acknowledged.

        The loop stands still for that moment: there are a few a minute at most.

        Args:
            failure: What is given up.
            pending: The record that it stands in.
            subject: Id of what the input is about; empty when it is not known.

        Raises:
            PromiseBrokenError: It was not acknowledged, or there are too many of them: something
                here is wrong.
        """
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
        if not self._ceiling.allows(self._process.clock.monotonic_ms()):
            raise PromiseBrokenError(
                f"{CEILING} inputs were set aside within a minute: see `seatline dead list`; if "
                "they have one cause, stop this process, mend it, start again and `seatline dead "
                "requeue`; what is left as it is costs a stop for every so many"
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
