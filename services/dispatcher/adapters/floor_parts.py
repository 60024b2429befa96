"""What a floor consists of, part by part: how each goes into a chunk, and back onto a floor."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, NamedTuple

from seatline.facts.v1 import floor_pb2
from services.dispatcher.adapters import floor_work
from services.dispatcher.domain.floor import Floor, LiveContact, Rules, Session
from services.dispatcher.domain.queues import CentreQueue, Idle
from services.dispatcher.domain.words import StopScope, WithdrawalKind
from services.runtime.mirror import Mirror

Chunk = floor_pb2.FloorChunk

_CONTACT: Mirror[LiveContact] = Mirror(LiveContact, floor_pb2.FloorContact)
_SESSION: Mirror[Session] = Mirror(Session, floor_pb2.FloorSession)
_RULES: Mirror[Rules] = Mirror(Rules, floor_pb2.FloorRules)
_Row = tuple[Any, ...]
"""The fields of a contact or session: all a copy needs, and made in a tenth of an encoding."""
_row_of_contact: Callable[[LiveContact], _Row] = attrgetter(*(f.name for f in fields(LiveContact)))
_row_of_session: Callable[[Session], _Row] = attrgetter(*(f.name for f in fields(Session)))


class Part(NamedTuple):
    """A part of a floor; all but what is there once are one field of a chunk."""

    things: Callable[[Floor], Sequence[Any]]
    """Return what the floor has of it, in order, as it is now: the floor changes, this must not."""
    write: Callable[[Chunk, Sequence[Any]], None]
    """Put things into an empty chunk."""
    read: Callable[[Floor, Chunk], None]
    """Put a chunk's things onto a floor that has none; `ValueError` for what cannot be."""


_Rest = tuple[int, Rules, int, int]
"""Version of the map, rules, size at which timers are cleared, ordinal."""


def _rest(floor: Floor) -> Sequence[_Rest]:
    return [(floor.map_version, replace(floor.rules), floor.timers_max, floor.ordinal)]


def _write_rest(chunk: Chunk, rests: Sequence[_Rest]) -> None:
    for map_version, rules, timers_max, ordinal in rests:
        rest = chunk.rest
        rest.map_version = map_version
        rest.rules.SetInParent()
        _RULES.write(rules, rest.rules)
        rest.timers_max = timers_max
        rest.ordinal = ordinal


def _read_rest(floor: Floor, chunk: Chunk) -> None:
    if not chunk.HasField("rest"):
        raise ValueError("rest: missing")
    rest = chunk.rest
    floor.map_version = rest.map_version
    floor.rules = _RULES.read(rest.rules)
    floor.timers_max = rest.timers_max
    floor.ordinal = rest.ordinal


def _centres(floor: Floor) -> Sequence[tuple[str, bool, bool]]:
    return [(each.centre_id, each.closed, each.draining) for each in floor.centres.values()]


def _write_centres(chunk: Chunk, centres: Sequence[tuple[str, bool, bool]]) -> None:
    for centre_id, closed, draining in centres:
        chunk.centres.add(centre_id=centre_id, closed=closed, draining=draining)


def _read_centres(floor: Floor, chunk: Chunk) -> None:
    for message in chunk.centres:
        floor.centres[message.centre_id] = CentreQueue(
            message.centre_id, message.closed, message.draining
        )


def _write_home(chunk: Chunk, seats: Sequence[tuple[str, str]]) -> None:
    for seat_id, centre_id in seats:
        chunk.home.add(seat_id=seat_id, centre_id=centre_id)


def _read_home(floor: Floor, chunk: Chunk) -> None:
    floor.home = {seat.seat_id: seat.centre_id for seat in chunk.home}


def _contacts(floor: Floor) -> Sequence[_Row]:
    return list(map(_row_of_contact, floor.contacts.values()))


def _write_contacts(chunk: Chunk, contacts: Sequence[_Row]) -> None:
    write, add = _CONTACT.write, chunk.contacts.add
    for row in contacts:
        write(LiveContact(*row), add())


def _read_contacts(floor: Floor, chunk: Chunk) -> None:
    for live in map(_CONTACT.read, chunk.contacts):
        _negated_priority, _at_ms, _ordinal = live.order
        floor.contacts[live.key] = live
        floor.by_person.setdefault(live.contact.person_key, set()).add(live.key)
        if live.waiting:
            floor.waiting += 1
            queue = floor.centre(live.centre_id)
            queue.add_contact(live.order, live.contact.language, live.key)


_Bound = tuple[_Row, bool, Idle | None]
"""A session, whether its stream binding is current, its place among the ready callers."""


def _sessions(floor: Floor) -> Sequence[_Bound]:
    centres, by_nonce = floor.centres, floor.by_nonce
    return [
        (
            _row_of_session(session),
            by_nonce.get(session.nonce) == session.session_id,
            centres[session.centre_id].idle_place(session.session_id) if session.idle else None,
        )
        for session in floor.sessions.values()
    ]


def _write_sessions(chunk: Chunk, sessions: Sequence[_Bound]) -> None:
    write, add = _SESSION.write, chunk.sessions.add
    for row, bound, idle_place in sessions:
        message = add()
        write(Session(*row), message)
        message.bound = bound
        if idle_place is not None:
            message.ready_since_ms, message.ready_ordinal = idle_place


def _read_sessions(floor: Floor, chunk: Chunk) -> None:
    for message in chunk.sessions:
        session = _SESSION.read(message)
        floor.sessions[session.session_id] = session
        if message.bound:
            floor.by_nonce[session.nonce] = session.session_id
        if session.idle:
            idle_place = message.ready_since_ms, message.ready_ordinal
            queue = floor.centre(session.centre_id)
            queue.add_session(idle_place, session.languages, session.session_id)


def _write_stops(chunk: Chunk, stops: Sequence[tuple[StopScope, str]]) -> None:
    for scope, name in stops:
        chunk.stops.add(scope=scope.value, id=name)


def _read_stops(floor: Floor, chunk: Chunk) -> None:
    floor.stops = {(StopScope(message.scope), message.id) for message in chunk.stops}


def _write_withdrawn(
    chunk: Chunk, withdrawals: Sequence[tuple[bytes | str, tuple[WithdrawalKind, int]]]
) -> None:
    for name, (kind, at_ms) in withdrawals:
        message = chunk.withdrawn.add(at_ms=at_ms, kind=kind.value)
        _write_name(name, message)


def _read_withdrawn(floor: Floor, chunk: Chunk) -> None:
    for message in chunk.withdrawn:
        floor.withdrawn[_name(message)] = (WithdrawalKind(message.kind), message.at_ms)


def _write_forgettable(chunk: Chunk, names: Sequence[tuple[int, bytes | str]]) -> None:
    for at_ms, name in names:
        _write_name(name, chunk.forgettable.add(at_ms=at_ms))


def _read_forgettable(floor: Floor, chunk: Chunk) -> None:
    floor.forgettable.extend((message.at_ms, _name(message)) for message in chunk.forgettable)


def _write_name(name: bytes | str, message: floor_pb2.FloorWithdrawal) -> None:
    if isinstance(name, str):
        message.contact_id = name
    else:
        message.person_key = name


def _name(message: floor_pb2.FloorWithdrawal) -> bytes | str:
    return message.contact_id or message.person_key


PARTS: Sequence[Part] = (
    Part(_rest, _write_rest, _read_rest),
    # Centres before those who stand in their queues.
    Part(_centres, _write_centres, _read_centres),
    Part(lambda floor: list(floor.home.items()), _write_home, _read_home),
    Part(_contacts, _write_contacts, _read_contacts),
    Part(_sessions, _write_sessions, _read_sessions),
    Part(lambda floor: sorted(floor.stops), _write_stops, _read_stops),
    Part(lambda floor: list(floor.withdrawn.items()), _write_withdrawn, _read_withdrawn),
    Part(lambda floor: list(floor.forgettable), _write_forgettable, _read_forgettable),
    # Gateways after the sessions that are bound to them.
    Part(floor_work.gateways, floor_work.write_gateways, floor_work.read_gateways),
    Part(
        lambda floor: list(floor.awaiting.items()),
        floor_work.write_awaiting,
        floor_work.read_awaiting,
    ),
    Part(
        lambda floor: list(floor.leaving.items()),
        floor_work.write_leaving,
        floor_work.read_leaving,
    ),
    Part(lambda floor: list(floor.emptying), floor_work.write_emptying, floor_work.read_emptying),
    Part(lambda floor: list(floor.dirty), floor_work.write_dirty, floor_work.read_dirty),
    Part(lambda floor: list(floor.timers), floor_work.write_timers, floor_work.read_timers),
)
