"""What becomes of each contact when all logs are lost and the record is whole (ADR 0014)."""

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

DIAL_WINDOW = timedelta(seconds=15)
DESK_SILENCE = timedelta(seconds=30)
LONGEST_CALL = timedelta(minutes=60)
"""The dispatcher's limits (rule 4.5)."""
REMEMBERED = timedelta(hours=24)
"""The router's dedupe window: what was ruled on before can only come again expired (rule 3.3)."""
LOGS_LOST = "logs_lost"
"""Why a contact came back to the bank when its log was lost."""
RELEASED = "released"
"""Why a contact is where it was while its next release is on its way to the router."""

WAITING = frozenset({"routed", "queued", "offered"})
IN_CALL = frozenset({"confirmed", "on_call", "wrap_up"})
OPEN = WAITING | IN_CALL


class Fate(enum.Enum):
    """What becomes of a contact."""

    RELEASE = "release"
    """Called again, as a new release."""
    LATER = "later"
    """Stays in the bank until it is due."""
    HUMAN = "human"
    """A caller may have talked to them: only a hand releases it."""
    SENDER = "sender"
    """What it is was not recorded: its sender has to send it again."""
    NEVER = "never"
    """It is over, or the person is withdrawn."""


class Known(NamedTuple):
    """What is recorded of a contact: its newest release, and the bank's row."""

    contact_id: str
    release: int
    place: str
    """Of that release."""
    session_id: str | None
    centre_id: str | None
    attempt: int | None
    moved_at: datetime
    waits_since: datetime
    due_at: datetime | None
    not_before: datetime | None
    has_text: bool
    in_call: bool
    """Some release of it was confirmed and has not ended."""
    is_released: bool
    """The bank had released it again, and no ruling on that was recorded."""
    person_key: bytes | None


class Verdict(NamedTuple):
    """What becomes of a contact, and from when on; no time where none is needed."""

    fate: Fate
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Who must not be called."""

    persons: Collection[bytes]
    contacts: Collection[str]

    def covers(self, known: Known) -> bool:
        """Tell whether a contact, or its person, is withdrawn."""
        return known.contact_id in self.contacts or known.person_key in self.persons


def quiet_until(now: datetime, *, calls_over: bool) -> datetime:
    """Return when every call is over that may have begun before `now`.

    Args:
        now: When the recovery begins: the logs were lost before.
        calls_over: Somebody has made sure that no caller is on a call.
    """
    return now if calls_over else now + DIAL_WINDOW + DESK_SILENCE + LONGEST_CALL


def judge(known: Known, withdrawn: Withdrawn, now: datetime, quiet_at: datetime) -> Verdict:
    """Say what becomes of a contact.

    What waited may have been confirmed in the part of the log that nobody recorded, so that its
    call has to be over first (promise 2). What was confirmed was most likely unsealed there.
    """
    if withdrawn.covers(known):
        return Verdict(Fate.NEVER)
    if known.in_call or known.place in IN_CALL:
        return Verdict(Fate.HUMAN)
    verdict = _in_bank(known, now)
    if known.place in WAITING or known.is_released:
        verdict = Verdict(Fate.RELEASE, quiet_at)
    if verdict.fate in (Fate.NEVER, Fate.HUMAN):
        return verdict
    if not known.has_text:
        return Verdict(Fate.SENDER)
    if verdict.not_before is None or known.not_before is None:
        return verdict
    return verdict._replace(not_before=max(verdict.not_before, known.not_before))


def _in_bank(known: Known, now: datetime) -> Verdict:
    """Say what becomes of a contact that no dispatcher had."""
    due_at = known.due_at
    match known.place:
        case "held" if due_at is None:
            # It waited for an event, and the router is the judge of that.
            return Verdict(Fate.RELEASE, now)
        case "held" if due_at is not None and due_at > now:
            return Verdict(Fate.LATER, due_at)
        case "held" | "ended" if due_at is not None:
            return Verdict(Fate.RELEASE, due_at)
        case "returned" if due_at is not None:
            return Verdict(Fate.RELEASE, due_at)
        case "returned":
            # An earlier loss left it to a human.
            return Verdict(Fate.HUMAN)
        case _:
            return Verdict(Fate.NEVER)


class OrderSeen(NamedTuple):
    """A stop, or the end of one, as a partition recorded it; in the order of its log."""

    partition: int
    scope: int
    id: str
    lifted: bool


def stops_in_force(seen: Collection[OrderSeen]) -> list[tuple[int, str]]:
    """Return scope and id of each stop that holds in some partition.

    One that another partition had lifted already holds too: unknown means no (promise 4).
    """
    newest = {(each.partition, each.scope, each.id): each.lifted for each in seen}
    return sorted({key[1:] for key, lifted in newest.items() if not lifted})
