"""What a snapshot of a floor says, held against the fold of the facts below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from seatline.facts.v1 import floor_pb2, session_pb2
from tests.checker import limits
from tests.checker.differing import ask_each, story
from tests.checker.findings import About, Findings, rule
from tests.checker.floor import QUEUED, Floor, Release, Session
from tests.checker.fold_contacts import contact_hash
from tests.checker.history import Key
from tests.checker.live import activity_of, presence_of
from tests.checker.snapshots import Compared


class KeptContact(NamedTuple):
    """A contact as a snapshot has to have it."""

    contact_hash: int
    seat_id: str
    centre_id: str
    allow_until_ms: int
    map_version: int
    policy_version: int
    is_awaiting_map: bool
    order: tuple[int, ...]
    wait_until_ms: int
    place: str
    attempt: int
    session_id: str
    binding: tuple[int, bytes] | None
    """Generation and nonce of who is told; None in the queue, where it means nothing."""
    deadline_ms: int | None
    dial_by_ms: int | None
    offered_ms: int | None
    confirmed_ms: int | None


class KeptSession(NamedTuple):
    """A caller session as a snapshot has to have it."""

    centre_id: str
    languages: tuple[str, ...]
    activity: str
    presence: str
    generation: int
    boot_id: bytes
    nonce: bytes
    nonces: tuple[bytes, ...]
    is_bound: bool
    holds: Key | None
    paused_until_ms: int | None
    """Of a pause, or of one that begins when the contact is done with."""
    is_draining: bool
    suspect_until_ms: int | None
    is_away_by_gateway: bool | None
    """Of one that is suspect or gone."""


Kept = Mapping[Key | str, Any]
"""Contacts by their releases, sessions by their ids; orders and gateways by what they are."""


@rule("1.8")
def snapshot_state(teller: str, name: Key | str, folded: Any, told: Any) -> str | None:
    """A snapshot of a floor is the fold of the facts below it."""
    return story(teller, name, folded, told)


@dataclass(frozen=True, slots=True)
class FloorJudge:
    """Compares floors."""

    floor: Floor
    found: Findings
    compared: Compared

    def keep(self) -> tuple[Kept, Kept]:
        """Return what the facts say just now."""
        floor = self.floor
        state: dict[Key | str, Any] = {
            key: _contact(floor, release) for key, release in floor.releases.items()
        }
        state.update((name, _session(floor, each)) for name, each in floor.sessions.items())
        orders: dict[Key | str, Any] = {
            "map": floor.map_version,
            "policy": (
                floor.policy_version,
                floor.max_wait_ms or 0,
                floor.wrap_up_ms or 0,
                floor.required_version,
            ),
            "stops": sorted(floor.stops),
            "withdrawals": _counted(floor.withdrawn),
            "gateways": sorted(floor.gateways),
        }
        return state, orders

    def read(self, states: Sequence[bytes]) -> tuple[Kept, Kept]:
        """Return what chunks say.

        Raises:
            DecodeError, ValueError: They cannot be read.
        """
        told = floor_pb2.FloorChunk.FromString(b"".join(states))
        if not told.HasField("rest"):
            raise ValueError("what is there once is missing")
        awaiting = {(each.contact_id, each.release) for each in told.awaiting}
        state: dict[Key | str, Any] = {}
        for live in told.contacts:
            key = (live.contact.contact_id, live.contact.release)
            state[key] = _told_contact(live, key in awaiting)
        state.update((each.session_id, _told_session(each)) for each in told.sessions)
        rules = told.rest.rules
        orders: dict[Key | str, Any] = {
            "map": told.rest.map_version,
            "policy": (rules.version, rules.max_wait_ms, rules.wrap_up_ms, rules.required),
            "stops": sorted((stop.scope, stop.id) for stop in told.stops),
            "withdrawals": _counted(
                {each.contact_id or each.person_key for each in told.withdrawn}
            ),
            "gateways": sorted(each.boot_id for each in told.gateways),
        }
        return state, orders

    def compare(self, about: About, kept: tuple[Kept, Kept], told: tuple[Kept, Kept]) -> None:
        """Hold contacts, sessions and orders of a snapshot against the log."""
        for accounts in zip(kept, told, strict=True):
            ask_each(self.found, snapshot_state, about, accounts, "the snapshot")
        contacts = sum(isinstance(name, tuple) for name in kept[0])
        self.compared.contacts += contacts
        self.compared.sessions += len(kept[0]) - contacts


def _contact(floor: Floor, release: Release) -> KeptContact:
    waits = release.place == QUEUED
    return KeptContact(
        release.contact_hash,
        release.seat_id,
        release.centre_id,
        release.allow_until_ms,
        release.map_version,
        release.policy_version,
        release.map_version > floor.map_version,
        release.order,
        release.wait_until_ms,
        release.place,
        release.attempt,
        release.session_id,
        None if waits else (release.generation, release.nonce),
        None if waits else release.deadline_ms,
        release.dial_by_ms if release.confirmed_ms is not None else None,
        release.offered_ms,
        release.confirmed_ms,
    )


def _told_contact(live: Any, is_awaiting_map: bool) -> KeptContact:
    place = _word(floor_pb2.Place, live.place)
    waits = place == QUEUED
    return KeptContact(
        contact_hash(live.contact),
        live.seat_id,
        live.centre_id,
        live.allow_until_ms,
        live.map_version,
        live.policy_version,
        is_awaiting_map,
        # The third is the order of facts, which is not folded here.
        tuple(live.order[:2]),
        live.wait_until_ms,
        place,
        live.attempt,
        live.session_id,
        None if waits else (live.generation, live.nonce),
        None if waits else live.deadline_ms,
        _optional(live, "dial_by_ms"),
        _optional(live, "offered_at_ms"),
        _optional(live, "confirmed_at_ms"),
    )


def _session(floor: Floor, session: Session) -> KeptSession:
    activity, presence = activity_of(floor, session), presence_of(session)
    may_pause = activity == "paused" or session.holds is not None
    return KeptSession(
        session.centre_id,
        session.languages,
        activity,
        presence,
        session.generation,
        session.boot_id,
        session.nonce,
        session.nonces,
        floor.by_nonce.get(session.nonce) == session.session_id,
        session.holds,
        session.paused_until_ms if may_pause else None,
        session.is_draining,
        session.suspect_until_ms,
        None if presence == "present" else session.is_suspect_by_gateway,
    )


def _told_session(told: Any) -> KeptSession:
    activity = _word(session_pb2.Activity, told.activity)
    presence = _word(floor_pb2.Presence, told.presence)
    holds = (told.contact.contact_id, told.contact.release) if told.HasField("contact") else None
    paused_until_ms = None
    if activity == "paused":
        paused_until_ms = told.deadline_ms
    elif holds is not None and told.HasField("pausing"):
        paused_until_ms = told.pausing.until_ms
    return KeptSession(
        told.centre_id,
        tuple(told.languages),
        activity,
        presence,
        told.generation,
        told.boot_id,
        told.nonce,
        tuple(told.nonces),
        told.bound,
        holds,
        paused_until_ms,
        told.draining,
        told.suspect_at_ms + limits.SUSPECT_MS if presence == "suspect" else None,
        None if presence == "present" else told.suspect_by_gateway,
    )


def _word(enum: Any, value: int) -> str:
    """Return a value of an enumeration as the fold calls it: `PLACE_ON_CALL` is `on_call`."""
    return str(enum.Name(value)).partition("_")[2].lower()


def _optional(message: Any, name: str) -> int | None:
    return getattr(message, name) if message.HasField(name) else None


def _counted(names: set[bytes | str]) -> tuple[int, str]:
    """Return how many withdrawals, and a digest: no person key stands in a story."""
    told = repr(sorted(map(repr, names)))
    return len(names), sha256(told.encode()).hexdigest()[:8]
