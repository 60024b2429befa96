"""Short words for the dispatcher's facts and inputs. Times are milliseconds after `START_MS`."""

from typing import Any

from services.dispatcher.domain import facts, inputs, words
from services.dispatcher.domain.facts import Attempt, CentreSlice, Contact
from services.dispatcher.domain.words import Activity, Disposition, EndReason

START_MS = 1_000_000_000
S = 1000
MIN = 60 * S
HOUR = 60 * MIN
BOOT = b"gateway-boot-id1"
OTHER_BOOT = b"gateway-boot-id2"
CENTRE, OTHER_CENTRE = "C001", "C002"
SEAT, OTHER_SEAT = "S24-35", "S24-36"
CAMPAIGN = "survey"
MAX_WAIT, WRAP_UP = 10 * MIN, 30 * S
ALLOW_UNTIL = 4 * HOUR
AFTER_CONFIRM = 30 * S + 60 * MIN
"""Desk silence limit and longest call: what `not_before` adds to `dial_by` (rule 4.5)."""


def when_ms(after_start_ms: int | None) -> int | None:
    return None if after_start_ms is None else START_MS + after_start_ms


def nonce(session_id: str, generation: int = 1) -> bytes:
    return f"{session_id}/{generation}".encode()


def attempt(contact_id: str, number: int = 1, release: int = 1) -> Attempt:
    return Attempt(contact_id, release, number)


def contact(contact_id: str, **changes: Any) -> Contact:
    fields = {
        "release": 1,
        "person_key": b"person of " + contact_id.encode(),
        "language": "",
        "priority": 5,
        "campaign": CAMPAIGN,
        "sealed": b"sealed " + contact_id.encode(),
    }
    return Contact(contact_id, **(fields | changes))


# --- facts ----------------------------------------------------------------------------------------


def map_applied(version: int = 1, *centres: CentreSlice) -> facts.MapApplied:
    return facts.MapApplied(version, centres or CENTRES)


def centre_slice(centre_id: str, *seat_ids: str, closed: bool = False) -> CentreSlice:
    return CentreSlice(centre_id, seat_ids, closed)


CENTRES = (centre_slice(CENTRE, SEAT), centre_slice(OTHER_CENTRE, OTHER_SEAT))


def policy_applied(version: int = 1, *, required: bool = False) -> facts.PolicyApplied:
    return facts.PolicyApplied(version, MAX_WAIT, WRAP_UP, required)


def signed_in(session_id: str, generation: int = 1, **changes: Any) -> facts.SignedIn:
    fields = {
        "centre_id": CENTRE,
        "languages": ("hi",),
        "boot_id": BOOT,
        "nonce": nonce(session_id, generation),
        "resumed": False,
        "activity": Activity.AVAILABLE,
    }
    return facts.SignedIn(session_id, generation=generation, **(fields | changes))


def open_offer(contact_id: str, lease_until: int = 20 * S) -> facts.OpenOffer:
    return facts.OpenOffer(attempt(contact_id), START_MS + lease_until, SEAT, "", CAMPAIGN, 5)


def queued(contact_id: str, **changes: Any) -> facts.Queued:
    """Build the fact of a ruling, which has the same fields."""
    ruling = routed(contact_id, **changes)
    return facts.Queued(*(getattr(ruling, name) for name in inputs.Routed.__slots__))


def offered(contact_id: str, session_id: str, number: int = 1, **changes: Any) -> facts.Offered:
    fields = {
        "generation": 1,
        "lease_until": 20 * S,
        "seat_id": SEAT,
        "language": "",
        "campaign": CAMPAIGN,
        "priority": 5,
        "ready_callers": 1,
        "waiting_contacts": 1,
        "release": 1,
    } | changes
    generation = fields.pop("generation")
    fields.setdefault("nonce", nonce(session_id, generation))
    lease_until_ms = START_MS + fields.pop("lease_until")
    named = attempt(contact_id, number, fields.pop("release"))
    return facts.Offered(named, session_id, generation, lease_until_ms=lease_until_ms, **fields)


def offer_expired(contact_id: str, session_id: str, number: int = 1) -> facts.OfferExpired:
    return facts.OfferExpired(attempt(contact_id, number), session_id, nonce(session_id))


def offer_declined(contact_id: str, session_id: str, number: int = 1) -> facts.OfferDeclined:
    return facts.OfferDeclined(attempt(contact_id, number), session_id, nonce(session_id))


def offer_rescinded(
    contact_id: str, session_id: str, reason: words.RescindReason, number: int = 1
) -> facts.OfferRescinded:
    named = attempt(contact_id, number)
    return facts.OfferRescinded(named, session_id, nonce(session_id), reason)


def confirmed(contact_id: str, session_id: str, number: int = 1, **changes: Any) -> facts.Confirmed:
    fields = {
        "generation": 1,
        "dial_by": 15 * S,
        "sealed": b"sealed " + contact_id.encode(),
        "person_key": b"person of " + contact_id.encode(),
        "seat_id": SEAT,
        "centre_id": CENTRE,
        "campaign": CAMPAIGN,
    } | changes
    generation = fields.pop("generation")
    fields.setdefault("nonce", nonce(session_id, generation))
    dial_by_ms = START_MS + fields.pop("dial_by")
    named = attempt(contact_id, number)
    return facts.Confirmed(named, session_id, generation, dial_by_ms=dial_by_ms, **fields)


def dial_started(contact_id: str, session_id: str, number: int = 1) -> facts.DialStarted:
    return facts.DialStarted(attempt(contact_id, number), session_id, nonce(session_id))


def call_ended(
    contact_id: str, session_id: str, number: int = 1, *, wrap_up_until: int = WRAP_UP
) -> facts.CallEnded:
    named = attempt(contact_id, number)
    return facts.CallEnded(named, session_id, nonce(session_id), START_MS + wrap_up_until)


def ended(contact_id: str, session_id: str, reason: EndReason, **changes: Any) -> facts.Ended:
    """Build the end of a contact that was offered and confirmed at the start."""
    fields = {
        "nonce": nonce(session_id),
        "disposition": None,
        "attempt_spent": changes.pop("spent", True),
        "seat_id": SEAT,
        "centre_id": CENTRE,
        "talk_ms": None,
    }
    named = attempt(contact_id, changes.pop("number", 1), changes.pop("release", 1))
    times = {"not_before": 15 * S + AFTER_CONFIRM, "offered_at": 0, "confirmed_at": 0}
    for name, after_start_ms in times.items():
        fields[f"{name}_ms"] = when_ms(changes.pop(name, after_start_ms))
    return facts.Ended(named, session_id, reason=reason, **(fields | changes))


def ended_unconfirmed(
    contact_id: str, reason: EndReason, number: int = 0, **changes: Any
) -> facts.Ended:
    """Build the end of a contact that no session held."""
    fields = {"nonce": b"", "number": number, "spent": False}
    fields |= dict.fromkeys(("not_before", "offered_at", "confirmed_at"))
    return ended(contact_id, "", reason, **(fields | changes))


def returned(
    contact_id: str, reason: words.ReturnReason, waited: int = 0, **changes: Any
) -> facts.Returned:
    fields = {"release": 1, "priority": 5, "seat_id": SEAT, "centre_id": CENTRE} | changes
    return facts.Returned(contact_id, reason=reason, waited_ms=waited, **fields)


def signed_out(
    session_id: str, reason: words.SignOutReason, generation: int = 1
) -> facts.SignedOut:
    return facts.SignedOut(session_id, nonce(session_id, generation), reason)


def session_paused(session_id: str, reason: str, until: int) -> facts.SessionPaused:
    return facts.SessionPaused(session_id, nonce(session_id), reason, START_MS + until)


def session_available(session_id: str) -> facts.SessionAvailable:
    return facts.SessionAvailable(session_id, nonce(session_id))


def session_draining(session_id: str, reason: words.DrainReason) -> facts.SessionDraining:
    return facts.SessionDraining(session_id, nonce(session_id), reason)


def session_gone(session_id: str, generation: int = 1) -> facts.SessionGone:
    return facts.SessionGone(session_id, nonce(session_id, generation))


def stream_ended(*session_ids: str) -> facts.StreamEnded:
    return facts.StreamEnded(tuple(map(nonce, session_ids)))


def amended(
    contact_id: str, session_id: str, disposition: Disposition, number: int = 1
) -> facts.OutcomeAmended:
    named = attempt(contact_id, number)
    return facts.OutcomeAmended(named, session_id, nonce(session_id), disposition)


def refused(
    session_id: str,
    command: str,
    reason: words.RefusalReason,
    about: Attempt | None = None,
    told: bytes = b"",
) -> facts.CommandRefused:
    """Build a refusal; without a nonce the gateway tells the session's newest binding."""
    return facts.CommandRefused(session_id, told, BOOT, command, reason, about)


# --- inputs ---------------------------------------------------------------------------------------


def routed(contact_id: str, **changes: Any) -> inputs.Routed:
    fields = {
        "seat_id": SEAT,
        "centre_id": CENTRE,
        "allow_until": ALLOW_UNTIL,
        "map_version": 1,
        "policy_version": 1,
    } | changes
    named = {name: fields.pop(name) for name in tuple(fields) if name in Contact.__slots__}
    allow_until_ms = START_MS + fields.pop("allow_until")
    return inputs.Routed(contact(contact_id, **named), allow_until_ms=allow_until_ms, **fields)


def sign_in(session_id: str, generation: int = 1, **changes: Any) -> inputs.SignIn:
    fields = {
        "centre_id": CENTRE,
        "languages": ("hi",),
        "nonce": nonce(session_id, generation),
        "resume_token": b"",
    }
    return inputs.SignIn(session_id, **(fields | changes))


def accept(
    contact_id: str, session_id: str, number: int = 1, generation: int = 1
) -> inputs.AcceptOffer:
    return inputs.AcceptOffer(session_id, generation, attempt(contact_id, number))


def decline(contact_id: str, session_id: str, number: int = 1) -> inputs.DeclineOffer:
    return inputs.DeclineOffer(session_id, 1, attempt(contact_id, number))


def unsealing(
    contact_id: str, session_id: str, number: int = 1, generation: int = 1
) -> inputs.Unsealing:
    return inputs.Unsealing(session_id, generation, attempt(contact_id, number))


def not_unsealed(
    contact_id: str, session_id: str, reason: words.NotUnsealedReason, number: int = 1
) -> inputs.NotUnsealed:
    return inputs.NotUnsealed(session_id, 1, attempt(contact_id, number), reason)


def hang_up(contact_id: str, session_id: str, generation: int = 1) -> inputs.HangUp:
    return inputs.HangUp(session_id, generation, attempt(contact_id))


def outcome(
    contact_id: str, session_id: str, disposition: Disposition = Disposition.REACHED, **changes: Any
) -> inputs.GiveOutcome:
    fields = {"number": 1, "release": 1, "talk_ms": None, "generation": 1} | changes
    named = attempt(contact_id, fields["number"], fields["release"])
    asking = nonce(session_id, fields["generation"])
    return inputs.GiveOutcome(session_id, named, disposition, fields["talk_ms"], asking)


def stream_lost(*session_ids: str) -> inputs.StreamLost:
    return inputs.StreamLost(tuple(map(nonce, session_ids)))


def withdraw(
    contact_id: str, kind: words.WithdrawalKind = words.WithdrawalKind.OPT_OUT
) -> inputs.Withdraw:
    """Build the withdrawal of a contact's person, or for a recall of the contact alone."""
    if kind is words.WithdrawalKind.RECALL:
        return inputs.Withdraw(b"", contact_id, kind)
    return inputs.Withdraw(contact(contact_id).person_key, "", kind)


def withdrawal_applied(
    contact_id: str, kind: words.WithdrawalKind = words.WithdrawalKind.OPT_OUT
) -> facts.WithdrawalApplied:
    order = withdraw(contact_id, kind)
    return facts.WithdrawalApplied(order.person_key, order.contact_id, kind)
