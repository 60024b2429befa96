"""The fold of facts about sessions and gateways, as `session.proto` describes each."""

from collections.abc import Callable

from seatline.facts.v1 import session_pb2
from tests.checker import limits
from tests.checker.floor import GONE_CALL, ON_CALL, PAUSED, SUSPECT, Floor, Session
from tests.checker.sight import Sight

NONCES_KEPT = 4


def _signed_in(floor: Floor, seen: Sight) -> None:
    session = floor.sessions.setdefault(seen.body.session_id, Session(seen.body.session_id))
    floor.by_nonce.pop(session.nonce, None)
    floor.by_nonce[seen.body.nonce] = seen.body.session_id
    session.centre_id = seen.body.centre_id
    session.languages = tuple(seen.body.languages)
    session.generation = seen.body.generation
    session.nonce = seen.body.nonce
    session.boot_id = seen.body.boot_id
    session.nonces = (seen.body.nonce, *session.nonces)[:NONCES_KEPT]
    session.is_signed_in = True
    release = floor.releases.get(session.holds) if session.holds is not None else None
    if release is not None:
        release.nonce = seen.body.nonce
    session.suspect_until_ms = None
    session.is_gone = False
    if seen.body.activity == session_pb2.ACTIVITY_AVAILABLE:
        session.paused_until_ms = None
    _seen(floor, seen.body.boot_id)


def _signed_out(floor: Floor, seen: Sight) -> None:
    session = floor.sessions[seen.body.session_id]
    floor.by_nonce.pop(session.nonce, None)
    session.is_signed_in = False
    session.is_draining = session.is_gone = False
    session.suspect_until_ms = session.paused_until_ms = None


def _paused(floor: Floor, seen: Sight) -> None:
    session = floor.sessions[seen.body.session_id]
    session.paused_until_ms = until_ms = seen.body.until.ToMilliseconds()
    if session.holds is None:
        floor.set_due(until_ms, PAUSED, session)


def _available(floor: Floor, seen: Sight) -> None:
    floor.sessions[seen.body.session_id].paused_until_ms = None


def _draining(floor: Floor, seen: Sight) -> None:
    floor.sessions[seen.body.session_id].is_draining = True


def _gone(floor: Floor, seen: Sight) -> None:
    session = floor.sessions[seen.body.session_id]
    session.suspect_until_ms = None
    session.is_gone = True
    release = floor.releases.get(session.holds) if session.holds is not None else None
    if release is not None and release.place == ON_CALL:
        floor.set_due(seen.at_ms + limits.GONE_GRACE_MS, GONE_CALL, release)


def _stream_ended(floor: Floor, seen: Sight) -> None:
    for nonce in seen.body.nonces:
        session_id = floor.by_nonce.get(nonce)
        if session_id is not None:
            _suspect(floor, floor.sessions[session_id], seen.at_ms, by_gateway=False)


def _suspect(floor: Floor, session: Session, at_ms: int, *, by_gateway: bool) -> None:
    if not session.is_signed_in:
        return
    if session.suspect_until_ms is not None or session.is_gone:
        session.is_suspect_by_gateway = session.is_suspect_by_gateway and by_gateway
        return
    session.is_suspect_by_gateway = by_gateway
    session.suspect_until_ms = at_ms + limits.SUSPECT_MS
    floor.set_due(session.suspect_until_ms, SUSPECT, session)


def _gateway_seen(floor: Floor, seen: Sight) -> None:
    _seen(floor, seen.body.boot_id)


def _seen(floor: Floor, boot_id: bytes) -> None:
    """Trust the sessions of a gateway again that was only silent for a while."""
    if boot_id in floor.gateways:
        return
    floor.gateways.add(boot_id)
    for session in floor.sessions.values():
        if session.boot_id == boot_id and session.is_suspect_by_gateway:
            session.suspect_until_ms = None


def _gateway_lost(floor: Floor, seen: Sight) -> None:
    floor.gateways.discard(seen.body.boot_id)
    for session in floor.sessions.values():
        if session.boot_id == seen.body.boot_id:
            _suspect(floor, session, seen.at_ms, by_gateway=True)


FOLDS: dict[str, Callable[[Floor, Sight], None]] = {
    "signed_in": _signed_in,
    "signed_out": _signed_out,
    "session_paused": _paused,
    "session_available": _available,
    "session_draining": _draining,
    "session_gone": _gone,
    "stream_ended": _stream_ended,
    "gateway_seen": _gateway_seen,
    "gateway_lost": _gateway_lost,
}
