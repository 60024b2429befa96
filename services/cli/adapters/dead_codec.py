"""Dead letters and deeds between the wire and their values."""

from google.protobuf.message import DecodeError

from seatline.dead.v1 import dead_pb2
from services.cli.domain.dead import Copy, Deed, How, Input, Letter, LetterId
from services.runtime.log_port import Arrived

_HOW = {how: dead_pb2.ResolutionHow.Value(f"RESOLUTION_HOW_{how.name}") for how in How}
_HOW_OF: dict[int, How] = {number: how for how, number in _HOW.items()}
_PREFIX = "DEAD_REASON_"


def reason_word(number: int) -> str:
    """Return the name of a reason in lower case; its number when it is unknown."""
    values = dead_pb2.DeadReason.DESCRIPTOR.values_by_number
    return values[number].name.removeprefix(_PREFIX).lower() if number in values else str(number)


REASONS = tuple(
    reason_word(number) for number in dead_pb2.DeadReason.DESCRIPTOR.values_by_number if number
)
"""Every reason, by its name."""


def parsed(arrived: Arrived) -> Letter | Deed | None:
    """Return what a record of the topic tells; None when it tells nothing that is known here."""
    try:
        message = dead_pb2.DeadLetter.FromString(arrived.value)
    except DecodeError:
        return None
    place = LetterId(arrived.partition, arrived.offset)
    if message.HasField("resolution"):
        return _deed(message.resolution, place, arrived.appended_at_ms)
    if not message.topic:
        return None
    return Letter(
        id=place,
        at_ms=arrived.appended_at_ms,
        service=message.service,
        input=Input(message.topic, message.partition, message.offset, message.index),
        reason=reason_word(message.reason),
        field=message.field,
        contact_id=message.contact_id,
        sealed_bytes=len(message.sealed_payload),
    )


def sealed_payload(arrived: Arrived) -> bytes:
    """Return the sealed payload of a letter; empty when it has none."""
    return dead_pb2.DeadLetter.FromString(arrived.value).sealed_payload


def deed_record(deed: Deed) -> bytes:
    """Return a deed as a record of its letter's partition."""
    done = dead_pb2.Resolution(
        letter=deed.letter.offset, how=_HOW[deed.how], by=deed.by, why=deed.why
    )
    if deed.copy is not None:
        done.topic, done.partition = deed.copy.topic, deed.copy.partition
        done.offset, done.release = deed.copy.offset, deed.copy.release
        if deed.copy.valid_until_ms is not None:
            done.valid_until.FromMilliseconds(deed.copy.valid_until_ms)
    return dead_pb2.DeadLetter(resolution=done).SerializeToString()


def _deed(message: dead_pb2.Resolution, place: LetterId, at_ms: int) -> Deed | None:
    how = _HOW_OF.get(message.how)
    if how is None:
        return None
    copy = None
    if message.topic:
        valid = message.valid_until.ToMilliseconds() if message.HasField("valid_until") else None
        copy = Copy(message.topic, message.partition, message.offset, message.release, valid)
    letter = LetterId(place.partition, message.letter)
    return Deed(letter, how, message.by, message.why, copy, place, at_ms)
