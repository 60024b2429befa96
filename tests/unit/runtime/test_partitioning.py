from collections import Counter

import pytest

from services.runtime.partitioning import partition_of


@pytest.mark.parametrize(
    ("key", "partitions", "partition"),
    [(b"", 8, 0), (b"contact-1", 1, 0), (b"123456789", 1024, 0xCBF43926 % 1024)],
)
def test_a_key_keeps_its_partition_for_ever(key: bytes, partitions: int, partition: int) -> None:
    assert partition_of(key, partitions) == partition


def test_ids_in_a_row_spread_evenly() -> None:
    counts = Counter(partition_of(f"contact-{i}".encode(), 8) for i in range(8000))
    assert len(counts) == 8
    assert min(counts.values()) > 900
