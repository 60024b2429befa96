from collections.abc import Callable

import pytest

from bench.loops.lanes import Lanes
from bench.world import WorldError
from services.runtime.fenced_log.turn import BYTES_MAX, ENTRIES_MAX
from services.runtime.log_port import SendError, Sent, TopicPartition


class Writer:
    """Takes records and settles them when told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[TopicPartition, bytes]] = []
        self.dones: list[Callable[[Sent | SendError], None]] = []

    def send(
        self,
        tp: TopicPartition,
        value: bytes,
        done: Callable[[Sent | SendError], None],
        key: bytes | None = None,
    ) -> None:
        self.sent.append((tp, value))
        self.dones.append(done)

    def serve(self, timeout_s: float = 0.0) -> None:
        for (topic, partition), _ in self.sent[-len(self.dones) :]:
            self.dones.pop(0)(Sent(topic, partition, 0, 0))

    def flush(self, timeout_s: float) -> int:
        return 0


def lanes_of(writer: Writer) -> Lanes:
    return Lanes(writer, "commands", b"header:")


def test_what_gathers_while_a_record_is_out_shares_the_next_one() -> None:
    writer = Writer()
    lanes = lanes_of(writer)
    for entry in (b"a", b"b", b"c"):
        lanes.add(0, entry)
        lanes.send()
    lanes.add(1, b"x")
    lanes.send()
    assert writer.sent == [(("commands", 0), b"header:a"), (("commands", 1), b"header:x")]
    assert (lanes.blocked, lanes.idle) == (1, False)
    writer.serve()
    lanes.send()
    assert writer.sent[-1] == (("commands", 0), b"header:bc")
    writer.serve()
    assert lanes.idle


@pytest.mark.parametrize(
    ("entry", "first"), [(b"e", ENTRIES_MAX), (bytes(BYTES_MAX // 4), 4)], ids=["many", "long"]
)
def test_a_record_holds_no_more_than_ours_do_and_the_rest_follows(entry: bytes, first: int) -> None:
    writer = Writer()
    lanes = Lanes(writer, "commands")
    for _ in range(first + 2):
        lanes.add(0, entry)
    lanes.send()
    writer.serve()
    lanes.send()
    assert [len(value) // len(entry) for _, value in writer.sent] == [first, 2]


def test_whoever_settles_in_another_thread_is_told_the_partition_and_gets_its_entries() -> None:
    writer, told = Writer(), list[int]()
    lanes = Lanes(writer, "commands", settled=told.append)
    lanes.add(3, b"a")
    lanes.send()
    writer.serve()
    assert (told, lanes.idle) == ([3], False)
    assert lanes.settle(3) == [b"a"]
    assert lanes.idle


def test_a_record_that_is_not_acknowledged_ends_the_run() -> None:
    writer = Writer()
    lanes = lanes_of(writer)
    lanes.add(0, b"a")
    lanes.send()
    with pytest.raises(WorldError, match="commands/0: timed out"):
        writer.dones[0](SendError("commands", 0, "timed out"))
