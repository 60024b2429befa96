"""A contact's dead letters, and what hands did with them, as lines of its story."""

from collections.abc import Iterator

from services.cli.adapters.dead_log import letters_and_deeds
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.recorded_ids import recorded_text
from services.cli.adapters.topics import DEAD
from services.cli.domain.dead import Case, DeadFold, Deed, How, Input, Letter, LetterId
from services.cli.domain.story import Detail, Told

_DEEDS = {
    How.BEGUN: ("requeue_begun", "is being sent again"),
    How.REQUEUED: ("letter_requeued", "was sent again"),
    How.DROPPED: ("letter_dropped", "was given up for good"),
}


def told_letters(book: LogBook, contact_id: str) -> Iterator[Told]:
    """Yield every letter that names a contact, and each deed on it that counts."""
    for case in DeadFold().take_all(letters_and_deeds(book)).cases():
        if recorded_text(case.letter.contact_id) == contact_id:
            yield _letter(case)
            yield from (_deed(case.letter, deed) for deed in case.deeds)


def _letter(case: Case) -> Told:
    letter = case.letter
    about = f" (field {letter.field})" if letter.field else ""
    text = f"{letter.input} could not be decided or read: {letter.reason}{about}; set aside as "
    details: dict[str, Detail] = {"reason": letter.reason, "field": letter.field}
    return Told(
        letter.at_ms,
        _where(letter.id),
        "set_aside",
        f"{text}dead letter {letter.id}",
        None,
        {**_about(letter), **details},
    )


def _deed(letter: Letter, deed: Deed) -> Told:
    kind, what = _DEEDS[deed.how]
    release = deed.copy.release if deed.copy and deed.copy.release else None
    text = f"dead letter {letter.id} {what}"
    if deed.how is How.REQUEUED and release is not None:
        text = f"{text} as release {release}"
    text = f"{text}; ordered by {deed.by}: {deed.why or 'no reason given'}"
    details: dict[str, Detail] = {"ordered_by": deed.by, "why": deed.why, "as_release": release}
    return Told(
        deed.at_ms,
        _where(deed.at),
        kind,
        text,
        None,
        {**_about(letter), **details},
    )


def _about(letter: Letter) -> dict[str, Detail]:
    return {"letter": str(letter.id), "input": str(letter.input)}


def _where(at: LetterId) -> str:
    return str(Input(DEAD, at.partition, at.offset, 0))
