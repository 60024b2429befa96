"""Rulings and facts about contacts, as the deciders would say them."""

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, orders_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2

NOON_MS = 1_770_000_000_000


def person_key(contact_id: str = "c-1") -> bytes:
    return contact_id.encode().ljust(16)[:16]


def contact(
    contact_id: str = "c-1", release: int = 1, sealed: bytes = b"sealed"
) -> contacts_pb2.Contact:
    return contacts_pb2.Contact(
        contact_id=contact_id,
        release=release,
        person_key=person_key(contact_id),
        seat_id="S24-35",
        language="hi",
        priority=5,
        campaign="rehearsal",
        sealed=sealed,
    )


def routed(contact_id: str = "c-1", release: int = 1) -> rulings_pb2.Ruling:
    return rulings_pb2.Ruling(
        contact=contact(contact_id, release),
        seat_id="S24-35",
        map_version=7,
        policy_version=3,
        routed=rulings_pb2.Routed(centre_id="C001", partition=0),
    )


def held(
    contact_id: str = "c-1", release: int = 1, until_ms: int | None = None
) -> rulings_pb2.Ruling:
    ruling = rulings_pb2.Ruling(
        contact=contact(contact_id, release),
        seat_id="S24-35",
        held=rulings_pb2.Held(reason=rulings_pb2.HELD_REASON_CALLING_HOURS),
    )
    if until_ms is not None:
        ruling.held.until.FromMilliseconds(until_ms)
    return ruling


def refused(
    contact_id: str = "c-1",
    release: int = 1,
    reason: rulings_pb2.RefusedReason.ValueType = rulings_pb2.REFUSED_REASON_OPTED_OUT,
) -> rulings_pb2.Ruling:
    return rulings_pb2.Ruling(
        contact=contact(contact_id, release, sealed=b""),
        refused=rulings_pb2.Refused(reason=reason),
    )


def attempt(contact_id: str, release: int, number: int = 1) -> commands_pb2.Attempt:
    return commands_pb2.Attempt(contact_id=contact_id, release=release, attempt=number)


def queued(contact_id: str = "c-1", release: int = 1) -> facts_pb2.Fact:
    return facts_pb2.Fact(
        queued=facts_pb2.Queued(
            contact=contact(contact_id, release),
            seat_id="S24-35",
            centre_id="C001",
            map_version=7,
            policy_version=3,
        )
    )


def offered(contact_id: str = "c-1", release: int = 1, number: int = 1) -> facts_pb2.Fact:
    about = attempt(contact_id, release, number)
    return facts_pb2.Fact(offered=facts_pb2.Offered(attempt=about, session_id="s-1"))


def expired(contact_id: str = "c-1", release: int = 1, number: int = 1) -> facts_pb2.Fact:
    about = attempt(contact_id, release, number)
    return facts_pb2.Fact(offer_expired=facts_pb2.OfferExpired(attempt=about, session_id="s-1"))


def confirmed(
    contact_id: str = "c-1", release: int = 1, number: int = 1, session: str = "s-1"
) -> facts_pb2.Fact:
    return facts_pb2.Fact(
        confirmed=facts_pb2.Confirmed(
            attempt=attempt(contact_id, release, number),
            session_id=session,
            centre_id="C001",
            seat_id="S24-35",
            sealed=b"sealed",
        )
    )


def dialled(contact_id: str = "c-1", release: int = 1, number: int = 1) -> facts_pb2.Fact:
    about = attempt(contact_id, release, number)
    return facts_pb2.Fact(dial_started=facts_pb2.DialStarted(attempt=about, session_id="s-1"))


def ended(
    contact_id: str = "c-1",
    release: int = 1,
    number: int = 1,
    *,
    session: str = "s-1",
    reason: facts_pb2.EndReason.ValueType = facts_pb2.END_REASON_OUTCOME,
    disposition: commands_pb2.Disposition.ValueType = commands_pb2.DISPOSITION_REACHED,
    not_before_ms: int | None = None,
) -> facts_pb2.Fact:
    fact = facts_pb2.Fact(
        ended=facts_pb2.Ended(
            attempt=attempt(contact_id, release, number),
            session_id=session,
            reason=reason,
            disposition=disposition,
            attempt_spent=True,
            seat_id="S24-35",
            centre_id="C001",
        )
    )
    fact.ended.offered_at.FromMilliseconds(NOON_MS)
    fact.ended.confirmed_at.FromMilliseconds(NOON_MS + 1)
    fact.ended.talk.FromMilliseconds(1500)
    if not_before_ms is not None:
        fact.ended.not_before.FromMilliseconds(not_before_ms)
    return fact


def amended(
    disposition: commands_pb2.Disposition.ValueType,
    contact_id: str = "c-1",
    release: int = 1,
    number: int = 1,
    session: str = "s-1",
) -> facts_pb2.Fact:
    return facts_pb2.Fact(
        outcome_amended=facts_pb2.OutcomeAmended(
            attempt=attempt(contact_id, release, number),
            session_id=session,
            disposition=disposition,
        )
    )


def returned(contact_id: str = "c-1", release: int = 1) -> facts_pb2.Fact:
    fact = facts_pb2.Fact(
        returned=facts_pb2.Returned(
            contact_id=contact_id,
            release=release,
            reason=facts_pb2.RETURN_REASON_MAX_WAIT,
            priority=5,
            seat_id="S24-35",
            centre_id="C001",
        )
    )
    fact.returned.waited.FromSeconds(90)
    return fact


def opted_out(
    contact_id: str = "c-1", *, person_known: bool = True, provisional: bool = True
) -> facts_pb2.Fact:
    return facts_pb2.Fact(
        withdrawal_applied=orders_pb2.WithdrawalApplied(
            person_key=person_key(contact_id) if person_known else b"",
            contact_id="" if person_known else contact_id,
            kind=suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT,
            provisional=provisional,
        )
    )


def seen() -> facts_pb2.Fact:
    return facts_pb2.Fact(gateway_seen=session_pb2.GatewaySeen(boot_id=b"b" * 16))
