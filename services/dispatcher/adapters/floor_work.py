"""What of a floor waits to be looked at or worked off: into a chunk, and back onto a floor."""

from collections.abc import Sequence
from dataclasses import replace

from seatline.facts.v1 import floor_pb2
from services.dispatcher.domain.evolve_bindings import count_bindings
from services.dispatcher.domain.floor import Floor, GatewayBindings, Key
from services.dispatcher.domain.timers import Timer, TimerKind
from services.dispatcher.domain.words import EndReason, Objection, ReturnReason

Chunk = floor_pb2.FloorChunk


_Gateway = tuple[bytes, int, GatewayBindings]
"""Boot id, when it was seen, what is bound to it."""


def gateways(floor: Floor) -> Sequence[_Gateway]:
    """Return the gateways that live."""
    bindings = floor.bindings
    return [(each, seen, replace(bindings[each])) for each, seen in floor.gateways.items()]


def write_gateways(chunk: Chunk, gateways: Sequence[_Gateway]) -> None:
    """Put living gateways into a chunk. The digests follow from the sessions."""
    for boot_id, seen_at_ms, ours in gateways:
        chunk.gateways.add(
            boot_id=boot_id,
            seen_at_ms=seen_at_ms,
            changed_at_ms=ours.changed_at_ms,
            agreed_at_ms=ours.agreed_at_ms,
            asked=ours.asked,
            asked_at_ms=ours.asked_at_ms,
        )


def read_gateways(floor: Floor, chunk: Chunk) -> None:
    """Put living gateways onto a floor that has its sessions."""
    for message in chunk.gateways:
        floor.gateways[message.boot_id] = message.seen_at_ms
        floor.bindings[message.boot_id] = GatewayBindings(
            message.changed_at_ms,
            message.agreed_at_ms or message.seen_at_ms,  # there was a time without digests
            message.asked,
            message.asked_at_ms,
        )
    count_bindings(floor)


def write_awaiting(chunk: Chunk, awaiting: Sequence[tuple[Key, int]]) -> None:
    """Put contacts that wait for their map into a chunk."""
    for (contact_id, release), version in awaiting:
        chunk.awaiting.add(contact_id=contact_id, release=release, map_version=version)


def read_awaiting(floor: Floor, chunk: Chunk) -> None:
    """Put contacts that wait for their map onto a floor."""
    for message in chunk.awaiting:
        floor.awaiting[(message.contact_id, message.release)] = message.map_version


def write_leaving(chunk: Chunk, leaving: Sequence[tuple[Key, Objection]]) -> None:
    """Put contacts that an order touched into a chunk."""
    for (contact_id, release), reason in leaving:
        message = chunk.leaving.add(contact_id=contact_id, release=release)
        # The generated stub has an enum of its own with the same numbers.
        if isinstance(reason, ReturnReason):
            message.returned = reason.value  # type: ignore[assignment]
        else:
            message.ended = reason.value  # type: ignore[assignment]


def read_leaving(floor: Floor, chunk: Chunk) -> None:
    """Put contacts that an order touched onto a floor."""
    for message in chunk.leaving:
        returned = message.returned
        reason = ReturnReason(returned) if returned else EndReason(message.ended)
        floor.leaving[(message.contact_id, message.release)] = reason


def write_emptying(chunk: Chunk, session_ids: Sequence[str]) -> None:
    """Put sessions of centres that close or drain into a chunk."""
    chunk.emptying.extend(session_ids)


def read_emptying(floor: Floor, chunk: Chunk) -> None:
    """Put sessions of centres that close or drain onto a floor."""
    floor.emptying = dict.fromkeys(chunk.emptying)


def write_dirty(chunk: Chunk, centre_ids: Sequence[str]) -> None:
    """Put centres where a match may have become possible into a chunk."""
    chunk.dirty.extend(centre_ids)


def read_dirty(floor: Floor, chunk: Chunk) -> None:
    """Put centres where a match may have become possible onto a floor."""
    floor.dirty = dict.fromkeys(chunk.dirty)


def write_timers(chunk: Chunk, timers: Sequence[Timer]) -> None:
    """Put timers into a chunk."""
    add = chunk.timers.add
    for at_ms, ordinal, kind, key in timers:
        message = add()
        message.at_ms = at_ms
        message.ordinal = ordinal
        # The stub's enum has the same numbers.
        message.kind = kind  # type: ignore[assignment]
        if isinstance(key, tuple):
            message.contact_id, message.release = key
        elif isinstance(key, str):
            message.session_id = key
        else:
            message.boot_id = key


def read_timers(floor: Floor, chunk: Chunk) -> None:
    """Put timers onto a floor: a heap as it was."""
    floor.timers = list(map(_timer, chunk.timers))


def _timer(message: floor_pb2.FloorTimer) -> Timer:
    kind = TimerKind(message.kind)
    key: Key | str | bytes
    if kind is TimerKind.GATEWAY:
        key = message.boot_id
    elif kind >= TimerKind.PAUSE:
        key = message.session_id
    else:
        key = (message.contact_id, message.release)
    return Timer(message.at_ms, message.ordinal, kind, key)
