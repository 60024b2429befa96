"""The fold of which streams each living gateway should have: a digest, kept with each change."""

from services.dispatcher.domain.floor import Floor, GatewayBindings, Session
from services.runtime.set_digest import with_member, without_member


def begin(floor: Floor, boot_id: bytes, at_ms: int) -> None:
    """Begin with a gateway that lives, and with what is bound to it."""
    floor.bindings[boot_id] = GatewayBindings(at_ms, at_ms)
    for session in floor.sessions.values():
        if session.boot_id == boot_id:
            _count(floor, session)


def count_bindings(floor: Floor) -> None:
    """Count what is bound to all gateways, of which nothing was counted yet."""
    for session in floor.sessions.values():
        _count(floor, session)


def joins(floor: Floor, session: Session, at_ms: int) -> None:
    """Note that a session was bound to a gateway that lives."""
    _count(floor, session)
    floor.bindings[session.boot_id].changed_at_ms = at_ms


def leaves(floor: Floor, session: Session, told_at_ms: int | None = None) -> None:
    """Note that a binding is about to end.

    Args:
        floor: Where.
        session: Whose, as it was.
        told_at_ms: When the gateway is told so by a fact; None when it said so itself.
    """
    ours = floor.bindings.get(session.boot_id)
    if ours is not None and session.is_present:
        ours.digest = without_member(ours.digest, session.nonce)
        ours.changed_at_ms = ours.changed_at_ms if told_at_ms is None else told_at_ms


def _count(floor: Floor, session: Session) -> None:
    ours = floor.bindings.get(session.boot_id)
    if ours is not None and session.is_present:
        ours.digest = with_member(ours.digest, session.nonce)
