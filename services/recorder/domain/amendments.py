"""Judge later words on outcomes (rule 4.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.recorder.domain.entries import ContactId, SessionId
from services.recorder.domain.rows import AmendmentRow

Release = tuple[ContactId, int]


@dataclass(frozen=True, slots=True)
class Amendment:
    """A later or repeated word on an attempt that has ended."""

    contact_id: ContactId
    release_id: int
    attempt: int
    session_id: SessionId | None
    disposition: str
    at: datetime
    partition: int
    record_offset: int
    entry: int


class KnownOutcome(NamedTuple):
    """What is recorded of an ended release so far."""

    attempt: int
    session_id: SessionId | None
    disposition: str


class Judgement(NamedTuple):
    """What amendments change, and what is kept of them."""

    changed: dict[Release, str]
    """New disposition of each release that has another one now."""
    history: list[AmendmentRow]


def judge(amendments: Iterable[Amendment], known: Mapping[Release, KnownOutcome]) -> Judgement:
    """Judge amendments in their order by (contact, release, attempt, session).

    A repeat of what is recorded leaves no trace. A word that fits no recorded attempt changes
    nothing and is kept: an opt-out in it counts all the same.
    """
    changed: dict[Release, str] = {}
    history: list[AmendmentRow] = []
    for amendment in amendments:
        release = (amendment.contact_id, amendment.release_id)
        outcome = known.get(release)
        if outcome is None or outcome[:2] != (amendment.attempt, amendment.session_id):
            history.append(_row(amendment, "unmatched", None))
            continue
        recorded = changed.get(release, outcome.disposition)
        if recorded != amendment.disposition:
            changed[release] = amendment.disposition
            history.append(_row(amendment, "amended", recorded))
    return Judgement(changed, history)


def _row(amendment: Amendment, verdict: str, replaced: str | None) -> AmendmentRow:
    return AmendmentRow(
        amendment.partition,
        amendment.record_offset,
        amendment.entry,
        amendment.contact_id,
        amendment.release_id,
        amendment.attempt,
        amendment.session_id,
        verdict,
        amendment.disposition,
        replaced,
        amendment.at,
    )
