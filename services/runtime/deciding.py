"""Run a decider as a process: wait for its topics, turn its loop, drain."""

from typing import Any

from services.runtime.fenced_log.core import Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.kafka_log import IN_BULK, KafkaLogReader
from services.runtime.lifecycle import Process
from services.runtime.log_port import LogReader, LogWriter
from services.runtime.two_speed_reader import TwoSpeedReader

DRAIN_S = 5.0
LEAVE_MS = 2_000
"""For the record under way and the end of the reign; whoever waits longer waits for silence."""
_READINESS_EVERY_MS = 50


def decider_reader(kafka: str, slot: str, log: str, inputs: Inputs) -> LogReader:
    """Return a reader of a decider's topics.

    Nobody waits for the own log, whose records are settled by their acknowledgement, nor for
    orders, of which a tenth of a second is no delay.

    Args:
        kafka: Addresses of the brokers.
        slot: Name of the slot, for the brokers' logs.
        log: Topic of the own log.
        inputs: Topics read besides it.
    """
    return TwoSpeedReader(
        KafkaLogReader(kafka, slot),
        KafkaLogReader(kafka, f"{slot}-followed", fetching=IN_BULK),
        bulk=(log, *inputs.orders, *inputs.live),
    )


def decide_until_stopped(
    process: Process, decider: Decider[Any, Any], reader: LogReader, writer: LogWriter
) -> None:
    """Turn the loop until asked to stop, then give all partitions up and let that be settled."""
    process.started()
    judged_ms = -_READINESS_EVERY_MS
    while not process.stop.asked:
        process.health.beat()
        decider.turn()
        if process.clock.monotonic_ms() - judged_ms >= _READINESS_EVERY_MS:
            judged_ms = process.clock.monotonic_ms()
            why = decider.waiting_for
            if process.health.ready("partitions", not why, why):
                process.log.info("not ready" if why else "ready", why=why)
    process.health.ready("stopping", False, "draining")  # noqa: FBT003
    decider.leave()
    until_ms = process.clock.monotonic_ms() + LEAVE_MS
    while not decider.has_left and process.clock.monotonic_ms() < until_ms:
        process.health.beat()
        decider.turn()
    writer.flush(DRAIN_S)
    reader.close()
