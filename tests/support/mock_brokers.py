"""Brokers inside the client library, whose leaders die and change when a test says so.

librdkafka brings them for tests of its own; they speak the protocol to any client.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import confluent_kafka

_PRODUCER = 0
_ERROR_BYTES = 512
_POINTER, _TEXT, _NUMBER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "conf_new": (_POINTER, ()),
    "conf_set": (_NUMBER, (_POINTER, _TEXT, _TEXT, _TEXT, ctypes.c_size_t)),
    "new": (_POINTER, (_NUMBER, _POINTER, _TEXT, ctypes.c_size_t)),
    "destroy": (None, (_POINTER,)),
    "handle_mock_cluster": (_POINTER, (_POINTER,)),
    "mock_cluster_bootstraps": (_TEXT, (_POINTER,)),
    "mock_topic_create": (_NUMBER, (_POINTER, _TEXT, _NUMBER, _NUMBER)),
    "mock_partition_set_leader": (_NUMBER, (_POINTER, _TEXT, _NUMBER, _NUMBER)),
    "mock_broker_set_down": (_NUMBER, (_POINTER, _NUMBER)),
}


class MockBrokers:
    """Brokers numbered from 1."""

    def __init__(self, library: Any, cluster: int) -> None:
        self._library = library
        self._cluster = cluster

    @property
    def address(self) -> str:
        """Where clients find them."""
        told: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return told.decode()

    def create(self, topic: str, leaders: list[int]) -> None:
        """Create a topic whose partitions have these leaders, and every broker as a replica."""
        count = len(leaders)
        assert not self._library.rd_kafka_mock_topic_create(
            self._cluster, topic.encode(), count, count
        )
        for partition, leader in enumerate(leaders):
            self.lead(topic, partition, leader)

    def lead(self, topic: str, partition: int, leader: int) -> None:
        """Make a broker the leader of a partition."""
        assert not self._library.rd_kafka_mock_partition_set_leader(
            self._cluster, topic.encode(), partition, leader
        )

    def die(self, broker: int) -> None:
        """Close a broker's connections, and refuse new ones."""
        assert not self._library.rd_kafka_mock_broker_set_down(self._cluster, broker)


@contextmanager
def mock_brokers(count: int) -> Iterator[MockBrokers]:
    """Run brokers until the block is left."""
    library = ctypes.CDLL(str(_library()))
    for name, (gives, takes) in _FUNCTIONS.items():
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = gives, takes
    error = ctypes.create_string_buffer(_ERROR_BYTES)
    conf = library.rd_kafka_conf_new()
    for key, value in ((b"test.mock.num.brokers", str(count).encode()), (b"log_level", b"0")):
        assert not library.rd_kafka_conf_set(conf, key, value, error, _ERROR_BYTES), error.value
    handle = library.rd_kafka_new(_PRODUCER, conf, error, _ERROR_BYTES)
    assert handle, error.value
    try:
        yield MockBrokers(library, library.rd_kafka_handle_mock_cluster(handle))
    finally:
        library.rd_kafka_destroy(handle)


def _library() -> Path:
    """Find the library that the client has loaded already."""
    beside = Path(confluent_kafka.__file__).parent.with_suffix(".libs")
    return next(beside.glob("librdkafka-*.so*"))
