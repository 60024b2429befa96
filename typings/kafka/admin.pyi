from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from types import TracebackType
from typing import Any, Self

from kafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

class OffsetSpec(IntEnum):
    LATEST = -1
    EARLIEST = -2
    MAX_TIMESTAMP = -3

class KafkaAdminClient:
    def __init__(
        self,
        *,
        bootstrap_servers: str | Sequence[str] = ...,
        client_id: str = ...,
        request_timeout_ms: int = ...,
        bootstrap_timeout_ms: int = ...,
        **configs: object,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def close(self) -> None: ...
    def create_topics(
        self,
        new_topics: Sequence[str] | Mapping[str, Mapping[str, object]],
        timeout_ms: float | None = None,
        validate_only: bool = False,
        raise_errors: bool = True,
        wait_for_metadata: bool = False,
    ) -> Any: ...
    def wait_for_topics(self, topics: Sequence[str], timeout_ms: float | None = ...) -> None: ...
    def create_partitions(
        self, topic_partitions: Mapping[str, int], timeout_ms: float | None = None
    ) -> Any: ...
    def delete_topics(
        self, topics: Sequence[str], timeout_ms: float | None = None, raise_errors: bool = True
    ) -> Mapping[str, Any]: ...
    def list_topics(self) -> list[str]: ...
    def describe_topics(self, topics: Sequence[str] | None = None) -> list[dict[str, Any]]: ...
    def describe_cluster(self) -> dict[str, Any]: ...
    def list_groups(self, broker_ids: Iterable[int] | None = None) -> list[dict[str, Any]]: ...
    def list_group_offsets(
        self, group_specs: str | Sequence[str] | Mapping[str, Sequence[TopicPartition] | None]
    ) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]: ...
    def list_partition_offsets(
        self,
        topic_partition_specs: Mapping[TopicPartition, OffsetSpec | int],
        *,
        timeout_ms: float | None = None,
    ) -> dict[TopicPartition, OffsetAndTimestamp]: ...
