"""An old reader beside a new writer: it reads what it knows, and stops at what it does not."""

from collections.abc import Callable

import pytest

from services.recorder.adapters.kafka_in import FACTS_TOPIC
from tests.support.newer_wire import NEWER, NewerWriter
from tests.support.recorder_entries import queued, routed
from tests.support.recorder_logs import Entry
from tests.unit.upgrade.readers import PROCESSES, READERS, Reader, Stopped

Novelty = Callable[[NewerWriter], NewerWriter]
UPGRADE = "upgrade (this reader|this command|the checker)"


def said(reader: Reader, contact_id: str) -> tuple[Entry, ...]:
    if reader.topic == FACTS_TOPIC:
        return (queued(contact_id),)
    return (routed(contact_id),)


def log_of(reader: Reader) -> NewerWriter:
    log = NewerWriter((reader.topic, 0))
    log.fence()
    log.write(*said(reader, "c-1"))
    return log


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_an_old_reader_reads_all_that_a_newer_writer_writes_while_no_kind_is_new(
    make: Callable[[], Reader],
) -> None:
    reader = make()
    log = log_of(reader)
    log.known_entries_that_say_more(*said(reader, "c-2")).write(*said(reader, "c-3"))
    reader.read(log)
    assert reader.known() == {"c-1", "c-2", "c-3"}


@pytest.mark.parametrize(
    "novelty",
    [
        pytest.param(NewerWriter.entry_of_a_new_kind, id="an entry of a new kind"),
        pytest.param(NewerWriter.control_of_a_new_kind, id="a control of a new kind"),
        pytest.param(lambda log: log.fence(version=NEWER), id="a fence for newer readers"),
    ],
)
@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_a_reader_stops_at_the_first_thing_that_it_does_not_know_and_keeps_what_stood_before(
    make: Callable[[], Reader], novelty: Novelty
) -> None:
    reader = make()
    log = log_of(reader)
    reader.read(log)
    novelty(log).write(*said(reader, "c-2"))
    with pytest.raises(Stopped, match=UPGRADE) as stopped:
        reader.read(log)
    assert reader.topic in str(stopped.value) or "log/0" in str(stopped.value)
    assert reader.known() == {"c-1"}


@pytest.mark.parametrize("make", [PROCESSES[n] for n in ("router", "dispatcher", "gateway")])
def test_a_reader_that_begins_at_a_snapshot_for_newer_readers_stops_though_it_sees_no_fence(
    make: Callable[[], Reader],
) -> None:
    reader = make()
    log = log_of(reader)
    log.fence(version=NEWER)
    log.snapshot(b"", version=NEWER).write().write()
    with pytest.raises(Stopped, match=f"readers of version {NEWER}.*upgrade this reader"):
        reader.read(log)
    assert reader.known() == set()
