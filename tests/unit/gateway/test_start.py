"""A gateway that starts: what it reads does not grow with the age of the facts."""

from pathlib import Path

import pytest

from services.gateway.wiring import FACTS
from tests.support.newer_wire import NewerWriter
from tests.support.recorder_entries import queued
from tests.unit.gateway.rig import PARTITIONS, Rig, settings

EVERY = 50
"""Records between two snapshots."""
LOOKED_AT = 2 * EVERY
A_POLL = 500
AT_MOST = A_POLL + PARTITIONS * (LOOKED_AT + 2 * EVERY)
"""A first poll, the end of each partition, and then what lies behind its newest snapshot."""


def grown(rig: Rig, records: int) -> list[NewerWriter]:
    """Write facts to each partition, with a snapshot every so often."""
    logs = []
    for partition in range(PARTITIONS):
        log = NewerWriter((FACTS, partition))
        log.fence()
        for number in range(1, records + 1):
            log.write(queued(f"c-{partition}-{number}"))
            if number % EVERY == 0:
                log.snapshot(b"the state of a dispatcher", version=1)
        for value in log.values:
            rig.broker.append(log.tp, value)
        logs.append(log)
    return logs


@pytest.mark.parametrize("records", [500, 5_000])
async def test_it_is_ready_after_the_end_of_the_facts_whatever_their_age(
    tmp_path: Path, records: int
) -> None:
    rig = Rig(settings(tmp_path), window=LOOKED_AT)
    rig.dispatcher.publish_map({"C001": 0})
    logs = grown(rig, records)
    for _ in range(5):
        rig.read()
    assert rig.running.not_ready() == ""
    assert rig.source.returned <= AT_MOST
    # It stands where one stands that has read everything: the next record is the next one.
    for log in logs:
        log.write(queued("c-next"))
        rig.broker.append(log.tp, log.values[-1])
    rig.read()
    ends = {log.tp[1]: len(log.values) for log in logs}
    assert {each: at for each, at, _ in rig.running.progress.facts_read()} == ends
