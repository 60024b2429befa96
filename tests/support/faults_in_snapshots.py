"""Errors in the snapshots of a day; see `faults`."""

from collections.abc import Callable
from typing import Any

from seatline.facts.v1 import floor_pb2
from seatline.rulings.v1 import seen_pb2
from tests.checker.history import FACTS, RULINGS
from tests.support.checked_history import WrittenHistory
from tests.support.faults import fault


def done_of(history: WrittenHistory, topic: str = FACTS) -> Any:
    """Find the end of the last snapshot in a log."""
    return _controls(history, topic, "snapshot_done")[-1]


def chunks_of(history: WrittenHistory, topic: str = FACTS) -> list[Any]:
    """Find the chunks of that snapshot."""
    return _controls(history, topic, "snapshot_chunk")[-done_of(history, topic).chunks :]


def _controls(history: WrittenHistory, topic: str, name: str) -> list[Any]:
    headers = [stamped.said.header for stamped in history.logs[topic, 0]]
    return [getattr(header, name) for header in headers if header.HasField(name)]


def change_floor(history: WrittenHistory, change: Callable[[Any], object]) -> None:
    """Change what the last snapshot of facts says; all of it stands in its first chunk then."""
    chunks = chunks_of(history)
    floor = floor_pb2.FloorChunk.FromString(b"".join(chunk.state for chunk in chunks))
    change(floor)
    _rewrite(chunks, floor)


def change_seen(history: WrittenHistory, change: Callable[[Any], object]) -> None:
    """Change what the last snapshot of rulings says."""
    chunks = chunks_of(history, RULINGS)
    seen = seen_pb2.SeenChunk.FromString(b"".join(chunk.state for chunk in chunks))
    change(seen)
    _rewrite(chunks, seen)


def _rewrite(chunks: list[Any], message: Any) -> None:
    for chunk in chunks:
        chunk.state = b""
    chunks[0].state = message.SerializeToString()


@fault(is_kept=True)
def snapshot_not_whole(history: WrittenHistory) -> None:
    done_of(history).chunks += 1


@fault(is_kept=True)
def snapshot_position(history: WrittenHistory) -> None:
    done_of(history).inputs[0].offset -= 1


@fault(is_kept=True)
def snapshot_state(history: WrittenHistory) -> None:
    change_floor(history, lambda floor: floor.contacts.pop())


@fault(is_kept=True)
def snapshot_seen(history: WrittenHistory) -> None:
    def forget(seen: Any) -> None:
        for each in seen.slices:  # which key comes first depends on the hash seed
            each.keys = b""

    change_seen(history, forget)
