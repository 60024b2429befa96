"""What hands did with dead letters: each is closed once, and what is sent again is the input."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker.fenced import Position
from tests.checker.findings import About, Findings, Place, rule
from tests.checker.history import CONTACTS, DEAD, INTAKE, RULINGS, History, Log

Input = tuple[Log, Position]


class Sent(NamedTuple):
    """A requeue that is said to be done."""

    at: Place
    source: Input
    copy: Place


# --- rules ---------------------------------------------------------------------------------------


@rule("1.9")
def resolved_nothing(letter: int, is_known: bool) -> str | None:
    """What a hand did names a letter of its partition that lies before it."""
    return None if is_known else f"it names offset {letter}, and no letter is there before it"


@rule("promise 2, 1.9")
def requeued_twice(source: str, first: Place, copy: Place) -> str | None:
    """An input is sent again once, whoever requeues it and however often."""
    return None if first == copy else f"{source} was sent again as {first} and as {copy}"


@rule("promise 1, 1.9")
def requeued_otherwise(source: str, input_: Any, copy: Any) -> str | None:
    """What was sent again is the input: its bytes, or its contact in this release or the next."""
    if copy is None:
        return f"{source} was sent again, and nothing is there"
    # Neither is quoted: they may say who somebody is.
    return None if input_ is None or input_ == copy else f"{source} was sent again as another"


# --- reading -------------------------------------------------------------------------------------


class Dead:
    """The log of dead letters, read once."""

    def __init__(self, history: History, found: Findings) -> None:
        self._history = history
        self._found = found
        self.letters: set[Input] = set()
        """Inputs that letters tell of."""
        self._sent: list[Sent] = []
        for number in range(history.partitions):
            self._read(number)

    def _read(self, number: int) -> None:
        inputs: dict[int, Input] = {}
        oldest: int | None = None
        for record in self._history.records((DEAD, number)):
            oldest = record.offset if oldest is None else oldest
            try:
                letter = dead_pb2.DeadLetter.FromString(record.value)
            except DecodeError:
                continue  # it tells of nothing
            if not letter.HasField("resolution"):
                inputs[record.offset] = (
                    (letter.topic, letter.partition),
                    (
                        letter.offset,
                        letter.index,
                    ),
                )
                self.letters.add(inputs[record.offset])
                continue
            done = letter.resolution
            place = Place(DEAD, number, record.offset)
            if done.letter < oldest:
                continue  # retention has taken its letter
            source = inputs.get(done.letter)
            told = (done.letter, source is not None)
            if self._found.ask(resolved_nothing, About((place,)), *told) or source is None:
                continue
            if done.how == dead_pb2.RESOLUTION_HOW_REQUEUED:
                copy = Place(done.topic, done.partition, done.offset)
                self._sent.append(Sent(place, source, copy))

    def close(self) -> None:
        """Hold every copy against its input."""
        first: dict[Input, Place] = {}
        wanted: dict[Log, set[int]] = defaultdict(set)
        for sent in self._sent:
            log, (offset, _) = sent.source
            wanted[log].add(offset)
            wanted[sent.copy.log, sent.copy.partition].add(sent.copy.offset)
        values = {log: dict(self._values(log, offsets)) for log, offsets in wanted.items()}
        for sent in self._sent:
            name = f"{sent.source[0][0]}/{sent.source[0][1]}@{sent.source[1][0]}"
            about = About((sent.at, sent.copy))
            earlier = first.setdefault(sent.source, sent.copy)
            self._found.ask(requeued_twice, about, name, earlier, sent.copy)
            self._compare(sent, about, name, values)

    def _compare(
        self, sent: Sent, about: About, name: str, values: Mapping[Log, Mapping[int, bytes]]
    ) -> None:
        log, (offset, index) = sent.source
        copy_log = (sent.copy.log, sent.copy.partition)
        if sent.copy.offset < self._oldest(copy_log):
            return
        value, copy = values[log].get(offset), values[copy_log].get(sent.copy.offset)
        if copy is None or log[0] == INTAKE:
            self._found.ask(requeued_otherwise, about, name, value, copy)
            return
        was, now = _contact(log, value, index), _contact((CONTACTS, 0), copy, 0)
        if was is None or now is None:
            whole = value if log[0] == CONTACTS else None
            self._found.ask(requeued_otherwise, about, name, whole, copy)
            return
        again = now.release in (was.release, was.release + 1)
        said = (now.contact_id, now.person_key, now.sealed, again)
        kept = (was.contact_id, was.person_key, was.sealed, True)
        self._found.ask(requeued_otherwise, about, name, kept, said)

    def _oldest(self, log: Log) -> int:
        return next((record.offset for record in self._history.records(log)), 0)

    def _values(self, log: Log, offsets: set[int]) -> Iterator[tuple[int, bytes]]:
        for record in self._history.records(log):
            if record.offset in offsets:
                yield record.offset, record.value
            if record.offset >= max(offsets):
                return


def _contact(log: Log, value: bytes | None, index: int) -> contacts_pb2.Contact | None:
    if value is None:
        return None
    try:
        if log[0] == RULINGS:
            return rulings_pb2.RulingRecord.FromString(value).rulings[index].contact
        return contacts_pb2.ContactRecord.FromString(value).contacts[index]
    except (DecodeError, IndexError):
        return None
