"""Inputs that could not be decided: a line in the log, a dead letter, and a ceiling (rule 1.9)."""

from collections.abc import Callable
from typing import Any

from services.runtime.dead_letters import DeadLetterCeiling
from services.runtime.errors import PoisonError, PromiseBrokenError
from services.runtime.fenced_log.header import Failure
from services.runtime.fenced_log.turn import Pending
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogWriter, SendError, Sent

Letter = Callable[[Failure, PoisonError | None], bytes]
"""Makes the dead letter of a failure; the error tells when the input could not be read."""


class SetAside:
    """Sends what was set aside to a topic of dead letters."""

    def __init__(self, process: Process, writer: LogWriter, topic: str, letter: Letter) -> None:
        self._process = process
        self._writer = writer
        self._topic = topic
        self._letter = letter
        self._ceiling = DeadLetterCeiling()

    def send(self, failure: Failure, pending: Pending[Any]) -> None:
        """Send one dead letter.

        Raises:
            PromiseBrokenError: There are too many of them: something here is wrong.
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
        value = self._letter(failure, item if isinstance(item, PoisonError) else None)
        self._writer.send((self._topic, failure.partition), value, _must_arrive)
        if not self._ceiling.allows(self._process.clock.monotonic_ms()):
            raise PromiseBrokenError(
                f"too many inputs were set aside within a minute: look at {self._topic} before "
                "starting again"
            )


def _must_arrive(result: Sent | SendError) -> None:
    if isinstance(result, SendError):
        raise PromiseBrokenError(f"a dead letter was not acknowledged: {result.reason}")
