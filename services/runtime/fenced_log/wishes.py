"""What anybody may ask of the owner of a partition, in its log, without authority (rule 1.12)."""

from dataclasses import dataclass
from typing import assert_never

from seatline.log.v1 import log_pb2


@dataclass(frozen=True, slots=True)
class HandOver:
    """Wish that the partition be given to another slot."""

    to_slot: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Wish that an input be set aside undecided."""

    topic: str
    partition: int
    offset: int
    index: int


@dataclass(frozen=True, slots=True)
class WriteLess:
    """Wish of a reader that cannot keep up with what is for its partition."""

    partition: int


Wish = HandOver | Skip | WriteLess


@dataclass(frozen=True, slots=True)
class Request:
    """Asks the owner of a partition for something; has no authority."""

    by: str
    why: str
    wish: Wish | None
    """None for a kind of wish that only newer code knows."""
    slot: str = ""
    """Slot that asks by itself, for a calm moment; empty when a person asks."""


def put_request(message: log_pb2.Request, request: Request) -> None:
    """Write a request into its message."""
    message.by, message.why, message.slot = request.by, request.why, request.slot
    match request.wish:
        case HandOver(to_slot):
            message.hand_over.to_slot = to_slot
        case Skip(topic, partition, offset, index):
            skip = message.skip
            skip.topic, skip.partition, skip.offset, skip.index = topic, partition, offset, index
        case WriteLess(partition):
            message.write_less.partition = partition
        case None:
            pass
        case _:
            assert_never(request.wish)


def request_of(message: log_pb2.Request) -> Request:
    """Return the request of a message."""
    wish: Wish | None = None
    match message.WhichOneof("wish"):
        case "hand_over":
            wish = HandOver(message.hand_over.to_slot)
        case "skip":
            skip = message.skip
            wish = Skip(skip.topic, skip.partition, skip.offset, skip.index)
        case "write_less":
            wish = WriteLess(message.write_less.partition)
        case _:
            pass
    return Request(message.by, message.why, wish, message.slot)
