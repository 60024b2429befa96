"""Which partition a key belongs to: one rule for every writer of a topic keyed by id."""

import zlib


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key: CRC-32 (ISO 3309) modulo the count, the same for ever.

    Args:
        key: Usually an id in UTF-8.
        partitions: Partitions of the topic, at least 1; fixed when a stack is created.
    """
    return zlib.crc32(key) % partitions
