"""The wire form of a whole floor, for snapshots (rule 1.8). Only `PoisonError` is raised."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from seatline.facts.v1 import floor_pb2
from services.dispatcher.adapters import floor_parts
from services.dispatcher.domain.floor import Floor
from services.dispatcher.handlers import FloorHandler
from services.runtime.errors import PoisonError
from services.runtime.packing import packed

_CHUNK_BYTES = 50_000
"""A quarter of what a chunk may hold: the loop waits for the encoding of each, some 2 ms."""
_AT_ONCE = 128
"""So many things of a kind are serialised together: enough to be cheap, few against a chunk."""
_Lot = tuple[floor_parts.Part, Sequence[Any]]
"""What a floor has of one part."""


class FloorCodec:
    """Writes and reads the floor of one partition."""

    def __init__(self, chunk_bytes: int = _CHUNK_BYTES) -> None:
        """Let no chunk be larger than `chunk_bytes`."""
        self._chunk_bytes = chunk_bytes

    def chunks(self, core: FloorHandler) -> Iterator[bytes]:
        """Return the floor as of now, in chunks; at least one.

        Each is encoded when it is asked for. What can change until then is copied now: that takes
        a tenth of the time.

        Raises:
            ValueError: One thing alone is larger than a chunk, or a number larger than the wire
                allows; what the router lets through is neither.
        """
        lots = [(part, part.things(core.floor)) for part in floor_parts.PARTS]
        return packed(self._pieces(lots), self._chunk_bytes)

    def restore(self, core: FloorHandler, chunks: Sequence[bytes]) -> None:
        """Bring a core that has evolved nothing to the state of a snapshot, or leave it untouched.

        Raises:
            PoisonError: The chunks cannot be read.
        """
        merged = floor_pb2.FloorChunk()
        floor = Floor(core.floor.limits)
        try:
            for chunk in chunks:
                merged.MergeFromString(chunk)
            _check_parts(merged)
            for part in floor_parts.PARTS:
                part.read(floor, merged)
            _check_names(floor)
        except (DecodeError, ValueError) as error:
            raise PoisonError("not the chunks of a floor, or of a newer one") from error
        core.floor = floor

    def _pieces(self, lots: Iterable[_Lot]) -> Iterator[bytes]:
        """Yield chunks of few things each: chunks joined are the chunk of all their things."""
        for part, things in lots:
            for start in range(0, len(things), _AT_ONCE):
                yield from self._fitting(part, things[start : start + _AT_ONCE])

    def _fitting(self, part: floor_parts.Part, things: Sequence[Any]) -> Iterator[bytes]:
        chunk = floor_pb2.FloorChunk()
        part.write(chunk, things)
        piece = chunk.SerializeToString()
        if len(piece) <= self._chunk_bytes:
            yield piece
        elif len(things) > 1:
            middle = len(things) // 2
            yield from self._fitting(part, things[:middle])
            yield from self._fitting(part, things[middle:])
        else:
            raise ValueError(f"one thing of {len(piece)} bytes does not go into a chunk")


def _check_parts(merged: floor_pb2.FloorChunk) -> None:
    if len(UnknownFieldSet(merged)):
        raise ValueError("a part that this version does not know")


def _check_names(floor: Floor) -> None:
    """Find out now what the rules would stumble over later: a name of nothing."""
    contacts, sessions = floor.contacts, floor.sessions
    keys = {session.contact for session in sessions.values() if session.contact}
    if not contacts.keys() >= keys | floor.awaiting.keys() | floor.leaving.keys():
        raise ValueError("a contact is named that is not there")
    holders = {live.session_id for live in contacts.values() if live.session_id}
    timed = {timer.key for timer in floor.timers if isinstance(timer.key, str)}
    if not sessions.keys() >= holders | timed | floor.emptying.keys():
        raise ValueError("a session is named that is not there")
