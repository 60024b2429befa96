"""The router's word on one contacts entry: routed, held or refused, exactly one."""

import enum
from dataclasses import dataclass

from services.router.domain.contact import Contact, SeatId
from services.router.domain.seat_table import CentreId


class HeldReason(enum.Enum):
    """Why a contact waits in the bank."""

    NOT_DUE = "not_due"
    CALLING_HOURS = "calling_hours"
    SILENCE_WINDOW = "silence_window"
    CENTRE_CLOSED = "centre_closed"
    STOPPED = "stopped"
    BUSY = "busy"


class RefusedReason(enum.Enum):
    """Why a release ends at the router."""

    DUPLICATE = "duplicate"
    RELEASE_EXPIRED = "release_expired"
    UNKNOWN_SEAT = "unknown_seat"
    UNKNOWN_SEGMENT = "unknown_segment"
    SEAT_MISMATCH = "seat_mismatch"
    OPTED_OUT = "opted_out"
    RECALLED = "recalled"
    INVALID_FIELD = "invalid_field"
    ERASED = "erased"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Routed:
    """To a centre, to be dialled until `allow_until_ms` (T, broker time) at the latest."""

    centre_id: CentreId
    partition: int
    allow_until_ms: int
    overflow: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Not now; due again at `until_ms` (broker time), or with an event when that is None."""

    reason: HeldReason
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Never, for this release; `field` names what the reason is about, if one."""

    reason: RefusedReason
    field: str = ""


Outcome = Routed | Held | Refused


@dataclass(frozen=True, slots=True)
class Ruling:
    """One outcome, with what it was made under. A ruling in the log is final."""

    contact: Contact
    """Whole when routed or held; without its sealed text when refused."""
    seat_id: SeatId
    """Seat that was ruled on; empty when refused before it was known."""
    map_version: int
    policy_version: int
    outcome: Outcome
