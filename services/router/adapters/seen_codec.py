"""The router's whole state on the wire, for the snapshots of its log (rule 1.8).

Keys are joined into one field: a repeated field costs up to 1.8 times the time, and the loop waits
for it. Nearly all of what is left is the walk through the sets, so a snapshot of a long window is
encoded one chunk at a time, from slices that nothing changes any more.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from google.protobuf.unknown_fields import UnknownFieldSet

from seatline.rulings.v1 import seen_pb2
from services.router.adapters.codec import fill_time, parsed, time_in
from services.router.domain.contact import ID_CHARS_MAX, NUMBER_MAX
from services.router.domain.dedupe import Seen, Slice
from services.router.handlers import RulingHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import CHUNK_BYTES
from services.runtime.packing import packed

_BETWEEN = "\n"
"""Stands in no key: only a release whose id is printable is remembered."""
_KEY_BYTES_MAX = 4 * ID_CHARS_MAX + len(f"/{NUMBER_MAX}{_BETWEEN}")
_AROUND = 40
"""Bytes of a part besides its keys, at most."""


class SeenCodec:
    """The releases that the router remembers, both ways."""

    def __init__(self, chunk_bytes: int = CHUNK_BYTES) -> None:
        # So few that the longest keys fit: then no part need be measured and cut.
        self._keys_a_part = (chunk_bytes - _AROUND) // _KEY_BYTES_MAX
        self._chunk_bytes = chunk_bytes
        if not self._keys_a_part:
            raise ValueError(f"chunk_bytes is {chunk_bytes}; give room for the longest key")

    def chunks(self, core: RulingHandler) -> Iterator[bytes]:
        """Return the state as of now, in chunks of at most `CHUNK_BYTES`; at least one.

        Each is encoded when it is asked for, and the state is that of the call, whatever is ruled
        until then. Slices that the window drops meanwhile stay in memory.
        """
        return packed(self._parts(core.seen.slices()), self._chunk_bytes)

    def restore(self, core: RulingHandler, chunks: Sequence[bytes]) -> None:
        """Bring a core that has evolved nothing to the state of a snapshot's chunks, in order.

        The window stays the core's own: every slice is kept for that long after its end.

        Raises:
            PoisonError: They cannot be read; the core is as it was.
        """
        if not chunks:
            raise PoisonError("a snapshot without chunks")
        seen = Seen(core.seen.window_ms)
        for chunk in chunks:
            read = parsed(seen_pb2.SeenChunk, chunk)
            if len(UnknownFieldSet(read)):
                raise PoisonError("a part of a snapshot that this version does not know")
            for part in read.slices:
                _restore(seen, part)
        core.seen = seen

    def _parts(self, slices: Iterable[Slice]) -> Iterator[bytes]:
        """Yield chunks of one part each, to be joined: fields on the wire just follow."""
        for each in slices:
            keys = iter(each.keys)
            # A slice without keys counts too: the next one begins where it ends.
            yield _part(each.ends_ms, list(islice(keys, self._keys_a_part)))
            while some := list(islice(keys, self._keys_a_part)):
                yield _part(each.ends_ms, some)


def _part(ends_ms: int, keys: Iterable[str]) -> bytes:
    chunk = seen_pb2.SeenChunk()
    part = chunk.slices.add(keys=_BETWEEN.join(keys).encode())
    fill_time(part.ends_at, ends_ms)
    return chunk.SerializeToString()


def _restore(seen: Seen, part: seen_pb2.SeenSlice) -> None:
    ends_ms = time_in(part, "ends_at")
    if ends_ms is None:
        raise PoisonError("a slice of a snapshot without its end", "ends_at")
    try:
        keys = part.keys.decode()
    except UnicodeDecodeError:
        raise PoisonError("keys of a snapshot that are no text", "keys") from None
    try:
        seen.restore_slice(ends_ms, keys.split(_BETWEEN) if keys else ())
    except ValueError as error:
        raise PoisonError(f"a snapshot out of order: {error}", "ends_at") from None
