from typing import NamedTuple

class TopicPartition(NamedTuple):
    topic: str
    partition: int

class OffsetAndMetadata(NamedTuple):
    offset: int
    metadata: str
    leader_epoch: int | None

class OffsetAndTimestamp(NamedTuple):
    offset: int
    timestamp: int | None
    leader_epoch: int | None
