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
    """What words change, and what is kept of them."""

    changed: dict[Release, str]
    """New disposition of each release that has another one now."""
    history: list[AmendmentRow]
    """Words that are new, or that are judged otherwise than before; by place."""


def judge(
    amendments: Iterable[Amendment],
    kept: Iterable[AmendmentRow],
    known: Mapping[Release, KnownOutcome],
) -> Judgement:
    """Judge all words on some releases by (contact, release, attempt, session), in order of time.

    Partitions have no common order: a word may be recorded before the end that it belongs to, or
    before a word that was said earlier. Every word is judged anew, so that the result depends on
    what is recorded, and not on the order in which it was. A word that fits no recorded attempt
    changes nothing and is kept: its end may follow.

    Args:
        amendments: New words.
        kept: All words on the same releases, and on those whose end is new, that were kept before.
        known: Outcomes of these releases, new ends included.
    """
    before = {_place(row): row for row in kept}
    words: dict[Release, list[AmendmentRow]] = {}
    for row in (*before.values(), *map(_row, amendments)):
        words.setdefault((row.contact_id, row.release_id), []).append(row)
    changed: dict[Release, str] = {}
    judged: list[AmendmentRow] = []
    for release, rows in words.items():
        rows.sort(key=lambda row: (row.amended_at, *_place(row)))
        outcome = known.get(release)
        if outcome is None:
            judged += rows
            continue
        word = _first_word(rows, outcome)
        for row in rows:
            if (row.attempt, row.session_id) != outcome[:2]:
                judged.append(row)
                continue
            verdict = "repeated" if row.disposition == word else "amended"
            judged.append(row._replace(verdict=verdict, replaced=word))
            word = row.disposition
        if word != outcome.disposition:
            changed[release] = word
    return Judgement(changed, sorted(row for row in judged if before.get(_place(row)) != row))


def _first_word(rows: Iterable[AmendmentRow], outcome: KnownOutcome) -> str:
    """Return what the end itself said: the first word that was ever judged replaced it."""
    replaced = (row.replaced for row in rows if row.replaced is not None)
    return next(replaced, outcome.disposition)


def _place(row: AmendmentRow) -> tuple[int, int, int]:
    return (row.partition, row.record_offset, row.entry)


def _row(amendment: Amendment) -> AmendmentRow:
    return AmendmentRow(
        amendment.partition,
        amendment.record_offset,
        amendment.entry,
        amendment.contact_id,
        amendment.release_id,
        amendment.attempt,
        amendment.session_id,
        "unmatched",
        amendment.disposition,
        None,
        amendment.at,
    )
