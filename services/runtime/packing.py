"""Messages joined into larger ones: protobuf's repeated fields may just follow each other."""

from collections.abc import Iterable, Iterator


def packed(pieces: Iterable[bytes], chunk_bytes: int) -> Iterator[bytes]:
    """Join pieces into chunks, each when it is asked for; at least one.

    Args:
        pieces: Messages whose fields may just follow each other, none larger than a chunk.
        chunk_bytes: What a chunk holds at most.
    """
    chunk = bytearray()
    for piece in pieces:
        if chunk and len(chunk) + len(piece) > chunk_bytes:
            yield bytes(chunk)
            chunk.clear()
        chunk += piece
    yield bytes(chunk)
