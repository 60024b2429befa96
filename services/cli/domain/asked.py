"""What people asked of partitions' owners, and did with dead letters, as words on orders."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.cli.domain.dead import DeadFold, Deed, How, Input
from services.cli.domain.orders import Word

STANDS_MS = 10_000
"""A request for a hand-over that was not followed by then never is (rule 1.12)."""
TOGETHER_MS = 60_000
"""Deeds of one hand for one reason are one order while no more time lies between two of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A person asks the owner of a partition for something."""

    by: str
    why: str
    what: Input | str
    """Input to set aside, or slot to give the partition to."""


@dataclass(frozen=True, slots=True)
class Given:
    """An owner ends its reign."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A reign begins."""

    slot: str


@dataclass(frozen=True, slots=True)
class Control:
    """A record of a fenced log that says nothing but this."""

    log: str
    """Short: `facts`."""
    partition: int
    at_ms: int
    """When it was appended, milliseconds since the Unix epoch."""
    what: Asked | Given | Taken
    recorded: bool


def words_on_requests(controls: Iterable[Control], letters: DeadFold) -> Iterator[Word]:
    """Yield each request once, and what came of it.

    Args:
        controls: Of any partition, each in its order; what is told twice counts once.
        letters: Where an input that was set aside is found.
    """
    by_partition: dict[tuple[str, int], dict[tuple[int, object], Control]] = defaultdict(dict)
    for each in controls:
        by_partition[each.log, each.partition].setdefault((each.at_ms, each.what), each)
    for told in by_partition.values():
        ordered = list(told.values())
        for number, control in enumerate(ordered):
            match control.what:
                case Asked(_, _, Input() as named) as asked:
                    yield from _skip(control, asked, named, letters)
                case Asked(_, _, str(slot)) as asked:
                    yield from _move(control, asked, slot, ordered[number + 1 :])
                case _:
                    pass


def _skip(control: Control, asked: Asked, named: Input, letters: DeadFold) -> Iterator[Word]:
    order = Word(control.at_ms, asked.by, asked.why, "skip", str(named), recorded=control.recorded)
    yield order
    letter = letters.letter_of(named)
    if letter is not None and letter.at_ms >= control.at_ms:
        yield _answered(order, f"set aside as dead letter {letter.id}", control)


def _move(control: Control, asked: Asked, slot: str, after: Sequence[Control]) -> Iterator[Word]:
    subject = f"{control.log}/{control.partition} to {slot}"
    order = Word(
        control.at_ms, asked.by, asked.why, "move-partition", subject, recorded=control.recorded
    )
    yield order
    changes = [each for each in after if not isinstance(each.what, Asked)]
    if not changes or not isinstance(changes[0].what, Given):
        return
    if changes[0].at_ms - control.at_ms > STANDS_MS:
        return
    last = changes[min(1, len(changes) - 1)]
    answer = f"taken by {last.what.slot}" if isinstance(last.what, Taken) else "given away"
    yield _answered(order, answer, last)


def _answered(order: Word, answer: str, by: Control) -> Word:
    asked = (order.at_ms, order.by, order.why, order.action, order.subject)
    return Word(*asked, answer, by.partition, by.recorded)


def words_on_deeds(letters: DeadFold) -> Iterator[Word]:
    """Yield what hands did with letters: many at once are one order."""
    for deeds in _together(letters.deeds()):
        first = deeds[0]
        ids = sorted({deed.letter for deed in deeds})
        named = f"dead letter {ids[0]}"
        if len(ids) > 1:
            named = f"{len(ids)} dead letters, {ids[0]} to {ids[-1]}"
        done = {deed.letter for deed in deeds if deed.how is not How.BEGUN}
        answer = "dropped" if first.how is How.DROPPED else "requeued"
        if len(done) < len(ids):
            answer = f"{len(done)} of {len(ids)} {answer}"
        action = f"dead {'drop' if first.how is How.DROPPED else 'requeue'}"
        asked = (first.at_ms, first.by, first.why, action, named)
        for partition in sorted({each.partition for each in ids}):
            yield Word(*asked, answer, partition, recorded=False)


def _together(deeds: Sequence[Deed]) -> Iterator[Sequence[Deed]]:
    open_: dict[tuple[str, str, bool], list[Deed]] = {}
    for deed in deeds:
        key = (deed.by, deed.why, deed.how is How.DROPPED)
        known = open_.get(key)
        if known is not None and deed.at_ms - known[-1].at_ms > TOGETHER_MS:
            yield open_.pop(key)
        open_.setdefault(key, []).append(deed)
    yield from open_.values()
