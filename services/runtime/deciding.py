"""Run a decider as a process: wait for its topics, turn its loop, drain."""

from typing import Any

from services.runtime.fenced_log.decider import Decider
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogReader, LogWriter

DRAIN_S = 5.0


def decide_until_stopped(
    process: Process, decider: Decider[Any, Any], reader: LogReader, writer: LogWriter
) -> None:
    """Turn the loop until asked to stop, then let what was sent be settled."""
    process.started()
    while not process.stop.asked:
        process.health.beat()
        decider.turn()
        why = decider.waiting_for
        if process.health.ready("partitions", not why, why) and not why:
            process.log.info("ready")
    process.health.ready("stopping", False, "draining")  # noqa: FBT003
    writer.flush(DRAIN_S)
    reader.close()
