"""Snapshots of a written floor and of what its router remembers, as their owners write them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from services.dispatcher.adapters.floor_codec import FloorCodec
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.seen_codec import SeenCodec
from services.router.handlers import Orders, RulingHandler
from services.runtime.fenced_log.header import (
    Claim,
    FencePoint,
    Header,
    Position,
    SnapshotChunk,
    SnapshotDone,
)
from tests.checker.history import CONTACTS, FACTS, RULINGS
from tests.support.builders import HOUR
from tests.support.written_floor import WrittenFloor

_CHUNK_BYTES = 800
_SEEN_CHUNK_BYTES = 400
"""So few that most snapshots have several chunks."""
_WINDOW_MS = 24 * HOUR
_KEPT_TAKEOVERS = 6


class SnapshottedFloor(WrittenFloor):
    """Writes snapshots of its facts, and of the rulings beside them."""

    def write_snapshot(self, keeping: int = _KEPT_TAKEOVERS) -> None:
        """Write one of the facts, with the owner's own records between the chunks.

        Args:
            keeping: How many of the last takeovers it tells.
        """
        for _ in self._written_snapshot(keeping):
            self.apply([])

    def leave_snapshot_undone(self) -> None:
        """Be fenced out behind the last chunk, and write the end then, as a zombie does."""
        steps = self._written_snapshot()
        *_, done = islice(steps, self._chunks_now())
        zombie = self._point
        self.take_over()
        late = replace(zombie, seq=zombie.seq + 2)
        self._write(Header(late, self.now_ms, (), replace(done, takeovers=())), ())

    def _chunks_now(self) -> int:
        return len(list(FloorCodec(_CHUNK_BYTES).chunks(self.core)))

    def _written_snapshot(self, keeping: int = _KEPT_TAKEOVERS) -> Iterator[SnapshotDone]:
        """Write record by record; yield the end as it will be."""
        self.apply([])
        log = self.history.logs[FACTS, 0]
        done = SnapshotDone(
            covered=len(log),
            seq=self._point.seq,
            chunks=self._chunks_now(),
            at_ms=self.now_ms,
            inputs=(),
            failures=(),
            slot=self._slot,
            takeovers=tuple(self._takeovers[-keeping:]),
        )
        claim = Header(FencePoint(0, b"claims".ljust(16), 0), self.now_ms, (), Claim("other"))
        self._write(claim, ())
        for number, chunk in enumerate(FloorCodec(_CHUNK_BYTES).chunks(self.core)):
            moved = self._say(SnapshotChunk(number, chunk))
            done = replace(done, inputs=done.inputs or moved)
            yield done
        self._say(done)

    def write_snapshot_of_rulings(self) -> None:
        """Write one of all that was ruled, in a log that nobody else writes to just now."""
        core = RulingHandler(Orders(policy_offset_ms=0), _WINDOW_MS)
        codec = RouterCodec()
        log = self.history.logs[RULINGS, 0]
        for stamped in log:
            value = stamped.body.SerializeToString()
            core.evolve(codec.entries(value), codec.header(value).at_ms)
        chunks = tuple(SeenCodec(_SEEN_CHUNK_BYTES).chunks(core))
        done = SnapshotDone(
            covered=len(log),
            seq=self._rulings_seq,
            chunks=len(chunks),
            at_ms=log[-1].said.header.at.ToMilliseconds(),
            inputs=((CONTACTS, 0, Position(len(self.history.logs[CONTACTS, 0]))),),
            failures=(),
            slot="router-0",
            takeovers=(),
        )
        for number, chunk in enumerate(chunks):
            self._ruled(SnapshotChunk(number, chunk), ())
        self._ruled(done, ())
