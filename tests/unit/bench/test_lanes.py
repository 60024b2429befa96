import pytest

from bench.loops.lanes import Lanes
from bench.world import WorldError
from services.runtime.fenced_log.turn import BYTES_MAX, ENTRIES_MAX
from services.runtime.log_port import SendError, TopicPartition
from tests.fakes.log import FakeClock, InMemoryBroker, InMemoryLogWriter


def writer_of_its_own() -> InMemoryLogWriter:
    return InMemoryLogWriter(InMemoryBroker(FakeClock()))


def lanes_of(writer: InMemoryLogWriter) -> Lanes:
    return Lanes(writer, "commands", b"header:")


def under_way(writer: InMemoryLogWriter) -> list[tuple[TopicPartition, bytes]]:
    return [(tp, value) for tp, value, _ in writer.waiting]


def test_what_gathers_while_a_record_is_out_shares_the_next_one() -> None:
    writer = writer_of_its_own()
    lanes = lanes_of(writer)
    for entry in (b"a", b"b", b"c"):
        lanes.add(0, entry)
        lanes.send()
    lanes.add(1, b"x")
    lanes.send()
    assert under_way(writer) == [(("commands", 0), b"header:a"), (("commands", 1), b"header:x")]
    assert (lanes.blocked, lanes.idle) == (1, False)
    writer.serve()
    lanes.send()
    assert under_way(writer) == [(("commands", 0), b"header:bc")]
    writer.serve()
    assert lanes.idle


@pytest.mark.parametrize(
    ("entry", "first"), [(b"e", ENTRIES_MAX), (bytes(BYTES_MAX // 4), 4)], ids=["many", "long"]
)
def test_a_record_holds_no_more_than_ours_do_and_the_rest_follows(entry: bytes, first: int) -> None:
    writer = writer_of_its_own()
    lanes = Lanes(writer, "commands")
    for _ in range(first + 2):
        lanes.add(0, entry)
    sizes = []
    for _ in range(2):
        lanes.send()
        sizes += [len(value) // len(entry) for _, value in under_way(writer)]
        writer.serve()
    assert sizes == [first, 2]


def test_whoever_settles_in_another_thread_is_told_the_partition_and_gets_its_entries() -> None:
    writer, told = writer_of_its_own(), list[int]()
    lanes = Lanes(writer, "commands", settled=told.append)
    lanes.add(3, b"a")
    lanes.send()
    writer.serve()
    assert (told, lanes.idle) == ([3], False)
    assert lanes.settle(3) == [b"a"]
    assert lanes.idle


def test_a_record_that_is_not_acknowledged_ends_the_run() -> None:
    writer = writer_of_its_own()
    lanes = lanes_of(writer)
    lanes.add(0, b"a")
    lanes.send()
    _, _, done = writer.waiting[0]
    with pytest.raises(WorldError, match="commands/0: timed out"):
        done(SendError("commands", 0, "timed out"))
