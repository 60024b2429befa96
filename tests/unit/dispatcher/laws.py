"""What is true of every floor, and a dump of it that two folds of the same facts share."""

from collections import Counter
from typing import Any

from services.dispatcher.domain import facts
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.words import (
    Activity,
    EndReason,
    Place,
    Presence,
    ReturnReason,
    SignOutReason,
    StopScope,
)
from services.runtime.set_digest import digest_of_one

ACTIVITY_OF = {
    Place.OFFERED: Activity.OFFERED,
    Place.CONFIRMED: Activity.ON_CALL,
    Place.ON_CALL: Activity.ON_CALL,
    Place.WRAP_UP: Activity.WRAP_UP,
}


def dump(floor: Floor) -> list[object]:
    """Everything that facts decide; not what only makes looking things up cheap."""
    queues = sorted(floor.centres.items())
    return [
        sorted((key, repr(live)) for key, live in floor.contacts.items()),
        sorted((key, repr(session)) for key, session in floor.sessions.items()),
        [(key, q.closed, q.draining, q.contacts_waiting, q.sessions_ready) for key, q in queues],
        sorted(floor.home.items()),
        floor.map_version,
        repr(floor.rules),
        sorted(floor.stops),
        sorted(floor.withdrawn.items(), key=repr),
        sorted((key, sorted(keys)) for key, keys in floor.by_person.items()),
        sorted(floor.by_nonce.items()),
        sorted(floor.gateways.items()),
        sorted((boot, repr(ours)) for boot, ours in floor.bindings.items()),
        sorted(floor.awaiting.items()),
        list(floor.leaving.items()),
        list(floor.emptying),
        floor.ordinal,
    ]


def check(floor: Floor) -> None:
    check_bindings(floor)
    for session in floor.sessions.values():
        live = floor.contact_of(session)
        assert (live is None) == (session.contact is None)
        assert live is None or live.session_id == session.session_id
        ready = session.activity is Activity.AVAILABLE and session.presence is Presence.PRESENT
        assert session.idle == ready
        holding = session.activity in ACTIVITY_OF.values()
        assert holding == (live is not None)
        if session.activity is not Activity.OFFLINE:
            assert floor.by_nonce[session.nonce] == session.session_id
    for live in floor.contacts.values():
        _check_contact(floor, live)
    waiting = Counter(live.centre_id for live in floor.contacts.values() if live.waiting)
    ready_at = Counter(s.centre_id for s in floor.sessions.values() if s.idle)
    assert floor.waiting == waiting.total()
    for centre in floor.centres.values():
        assert centre.contacts_waiting == waiting[centre.centre_id]
        assert centre.sessions_ready == ready_at[centre.centre_id]
    people = {(live.contact.person_key, key) for key, live in floor.contacts.items()}
    assert {(person, key) for person, keys in floor.by_person.items() for key in keys} == people


def check_bindings(floor: Floor) -> None:
    """The digest of each living gateway is that of the nonces that it should have."""
    assert floor.bindings.keys() == floor.gateways.keys()
    for boot_id, ours in floor.bindings.items():
        nonces = [s.nonce for s in floor.sessions.values() if s.boot_id == boot_id and s.is_present]
        assert ours.digest == sum(map(digest_of_one, nonces)) % 2**64


def check_nobody_waits(floor: Floor) -> None:
    """When all is quiet, no ready caller could serve a waiting contact (promise 3)."""
    ready = [session for session in floor.sessions.values() if session.idle]
    for live in floor.contacts.values():
        wanted = live.contact.language
        if live.waiting and floor.centre(live.centre_id).takes:
            assert not [
                session
                for session in ready
                if session.centre_id == live.centre_id and wanted in ("", *session.languages)
            ]


def _check_contact(floor: Floor, live: LiveContact) -> None:
    if live.place is Place.QUEUED:
        assert live.session_id == ""
        corners = (live.waiting, live.key in floor.awaiting, live.key in floor.leaving)
        assert any(corners), live
        assert not (live.waiting and live.key in floor.awaiting)
        return
    assert not live.waiting
    session = floor.sessions[live.session_id]
    assert session.contact == live.key
    assert session.activity is ACTIVITY_OF[live.place]


class Journal:
    """Reads facts alone, as any reader of the log could, and holds them to the promises."""

    def __init__(self) -> None:
        self.live: dict[tuple[str, int], facts.Queued] = {}
        self.over: set[tuple[str, int]] = set()
        self.confirmed: set[tuple[str, int]] = set()
        self.held_by: dict[str, tuple[str, int]] = {}
        self.withdrawn: set[bytes | str] = set()
        self.stops: set[tuple[StopScope, str]] = set()
        self.required = 0

    def read(self, fact: Fact, at_ms: int) -> None:
        reader: Any = getattr(self, "_" + type(fact).__name__, None)
        if reader is not None:
            reader(fact, at_ms)

    def _Queued(self, fact: facts.Queued, at_ms: int) -> None:  # noqa: N802
        key = (fact.contact.contact_id, fact.contact.release)
        assert key not in self.live
        assert key not in self.over
        self.live[key] = fact

    def _Offered(self, fact: facts.Offered, at_ms: int) -> None:  # noqa: N802
        self._may_be_called(fact.attempt.key)
        queued = self.live[fact.attempt.key]
        assert fact.lease_until_ms + 15_000 <= queued.allow_until_ms
        assert fact.session_id not in self.held_by
        assert fact.attempt.key not in self.held_by.values()
        assert fact.attempt.key not in self.confirmed
        self.held_by[fact.session_id] = fact.attempt.key

    def _OfferExpired(self, fact: Any, at_ms: int) -> None:  # noqa: N802
        assert self.held_by.pop(fact.session_id) == fact.attempt.key

    _OfferDeclined = _OfferRescinded = _OfferExpired

    def _Confirmed(self, fact: facts.Confirmed, at_ms: int) -> None:  # noqa: N802
        key = fact.attempt.key
        self._may_be_called(key)
        assert key not in self.confirmed
        assert self.held_by[fact.session_id] == key
        assert at_ms < fact.dial_by_ms <= self.live[key].allow_until_ms
        self.confirmed.add(key)

    def _DialStarted(self, fact: facts.DialStarted, at_ms: int) -> None:  # noqa: N802
        assert fact.attempt.key in self.confirmed
        assert self.held_by[fact.session_id] == fact.attempt.key

    def _Ended(self, fact: facts.Ended, at_ms: int) -> None:  # noqa: N802
        self._terminal(fact.attempt.key)
        if fact.session_id:
            assert self.held_by.pop(fact.session_id) == fact.attempt.key
        released_at_once = fact.reason is EndReason.NEVER_DIALLED
        bounded = fact.attempt.key in self.confirmed and not released_at_once
        assert (fact.not_before_ms is not None) == bounded

    def _Returned(self, fact: facts.Returned, at_ms: int) -> None:  # noqa: N802
        key = (fact.contact_id, fact.release)
        self._terminal(key)
        assert key not in self.confirmed
        assert key not in self.held_by.values()
        assert (fact.reason is ReturnReason.BY_HAND) == (fact.signature is not None)

    def _SignedOut(self, fact: facts.SignedOut, at_ms: int) -> None:  # noqa: N802
        assert fact.session_id not in self.held_by
        assert (fact.reason is SignOutReason.ENDED) == (fact.signature is not None)

    def _WithdrawalApplied(self, fact: facts.WithdrawalApplied, at_ms: int) -> None:  # noqa: N802
        self.withdrawn.add(fact.contact_id or fact.person_key)

    def _WithdrawalForgotten(  # noqa: N802
        self, fact: facts.WithdrawalForgotten, at_ms: int
    ) -> None:
        self.withdrawn.remove(fact.contact_id or fact.person_key)

    def _StopApplied(self, fact: facts.StopApplied, at_ms: int) -> None:  # noqa: N802
        self.stops.add((fact.scope, fact.id))

    def _StopLifted(self, fact: facts.StopLifted, at_ms: int) -> None:  # noqa: N802
        self.stops.remove((fact.scope, fact.id))

    def _PolicyApplied(self, fact: facts.PolicyApplied, at_ms: int) -> None:  # noqa: N802
        self.required = fact.version if fact.required else self.required

    def _terminal(self, key: tuple[str, int]) -> None:
        assert key not in self.over
        del self.live[key]
        self.over.add(key)

    def _may_be_called(self, key: tuple[str, int]) -> None:
        queued = self.live[key]
        assert not self.withdrawn & {queued.contact.person_key, queued.contact.contact_id}
        assert (StopScope.ALL, "") not in self.stops
        assert (StopScope.CAMPAIGN, queued.contact.campaign) not in self.stops
        assert (StopScope.SEAT, queued.seat_id) not in self.stops
        assert (StopScope.CENTRE, queued.centre_id) not in self.stops
        assert queued.policy_version >= self.required
