"""Decide whether and how a dead input may be sent again, without calling anybody twice."""

from dataclasses import dataclass

from services.cli.domain.dead import COMMANDS, CONTACTS, INTAKE, RULINGS, Case

MARGIN_MS = 10_000
"""A release that ends sooner is not sent again as it was: it could end on the way."""
VALID_MIN_MS = 60_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact in the original: what is asked of it here."""

    contact_id: str
    release: int
    valid_until_ms: int
    partition: int
    """Of contacts and rulings."""
    dispatcher: int | None = None
    """Partition of the centre that a ruling sends it to."""


@dataclass(frozen=True, slots=True)
class Original:
    """An input as it was read."""

    value: bytes
    """The whole record."""
    appended_at_ms: int
    entry: Entry | None = None
    """None: no contact could be read in it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of a contact, and how far its rulings are."""

    place: str | None
    """Of this release; None when it was never ruled on."""
    newest_release: int | None
    log_time_ms: int | None
    """Of the rulings partition, as recorded."""
    set_aside: bool = False
    """Whether a dispatcher has written that it passes the ruling over for good."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How an input is sent again."""

    topic: str
    partition: int
    what: str
    """For people."""
    release: int = 0
    """Release of the contact's copy; 0: the record as it was, byte by byte."""
    valid_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it is not sent again, and what to do instead."""

    why: str


Plan = Sending | Refusal

_STALE = {
    COMMANDS: "a command is stale: a desk repeats what still counts, and an order is given again; "
    "then drop the letter"
}


def plan(case: Case, original: Original | None, standing: Standing | None, now_ms: int) -> Plan:
    """Return what a requeue of an open case does.

    Args:
        case: The case.
        original: Its input; None when it is gone everywhere.
        standing: What is recorded of the contact in it; None when there is no contact.
        now_ms: Time of the wall clock, milliseconds since the epoch.
    """
    source = case.letter.input
    if source.topic not in (INTAKE, CONTACTS, RULINGS):
        return Refusal(_STALE.get(source.topic, "nothing of this topic is sent again; drop it"))
    if original is None:
        return Refusal(
            "the original is gone from its topic and not in the letter: have its source send it "
            "again, then drop the letter"
        )
    if source.topic == INTAKE:
        what = "the foreign record goes to intake again, byte by byte"
        return Sending(INTAKE, source.partition, what)
    if original.entry is None or standing is None:
        if source.topic == RULINGS:
            return Refusal("no routed contact is in this ruling; drop the letter")
        what = "the record goes to the router again, byte by byte"
        return Sending(CONTACTS, source.partition, what)
    return _of_contact(source.topic, original, original.entry, standing, now_ms)


def _of_contact(
    topic: str, original: Original, entry: Entry, standing: Standing, now_ms: int
) -> Plan:
    newest = standing.newest_release
    if newest is not None and newest > entry.release:
        return Refusal(
            f"{entry.contact_id} was released anew since, as release {newest}; drop the letter"
        )
    if topic == RULINGS:
        return _of_ruling(original, entry, standing, now_ms)
    if standing.place is not None:
        return Refusal(
            f"release {entry.release} of {entry.contact_id} was ruled on all the same: it is "
            f"{standing.place}; drop the letter"
        )
    if standing.log_time_ms is not None and standing.log_time_ms > entry.valid_until_ms:
        # Nobody can rule this release in any more (rules 3.3 and 7.2).
        return _anew(original, entry, now_ms, f"release {entry.release} is over")
    if now_ms > entry.valid_until_ms - MARGIN_MS:
        return Refusal(
            f"release {entry.release} of {entry.contact_id} ends, and the recorder has not read "
            "past its end: repeat the command in a minute"
        )
    what = f"release {entry.release} of {entry.contact_id} goes to the router again, as it was"
    return Sending(CONTACTS, entry.partition, what, entry.release, entry.valid_until_ms)


def _of_ruling(original: Original, entry: Entry, standing: Standing, now_ms: int) -> Plan:
    if standing.place not in (None, "routed"):
        return Refusal(
            f"release {entry.release} of {entry.contact_id} was decided all the same: it is "
            f"{standing.place}; drop the letter"
        )
    if standing.place is None or not standing.set_aside:
        return Refusal(
            f"it is not recorded that the dispatcher gave up the ruling on {entry.contact_id}: "
            "repeat the command in a minute; if it still says so, drop the letter"
        )
    return _anew(original, entry, now_ms, "a ruling is final and not written twice")


def _anew(original: Original, entry: Entry, now_ms: int, why: str) -> Sending:
    release = entry.release + 1
    valid_ms = max(VALID_MIN_MS, entry.valid_until_ms - original.appended_at_ms)
    what = f"{entry.contact_id} goes to the router as release {release}, as {why}"
    return Sending(CONTACTS, entry.partition, what, release, now_ms + valid_ms)
