"""Count every contact once and name the strays (promise 1) and the doubles (promise 2).

Memory: one hash of eight bytes and a small number for each (contact, release), never an id; of ten
million, one pair collides with a probability of three in a million.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from services.cli.domain.foreign import ForeignLedger
from services.cli.domain.journal import Witness
from services.cli.domain.places import (
    TERMINAL,
    Accepted,
    Arrival,
    At,
    Fate,
    Place,
    Read,
    Recorded,
    SetAside,
    Step,
)

CONTACTS = "seatline.contacts.v1"
RULINGS = "seatline.rulings.v1"

LISTED_MAX = 10_000
"""Ids that a report names; the counts go on."""

_NIBBLE = 0xF
_RECORDED_SHIFT = 4
_CONFIRMED = 1 << 8
_LEFT = 1 << 9
_COUNTED = 1 << 10


@dataclass(frozen=True, slots=True)
class Finding:
    """A (contact, release) that is not where it should be, or was given twice."""

    contact_id: str
    release: int
    why: str
    at: str


@dataclass(slots=True)
class Report:
    """What an audit found."""

    places: Counter[Place] = field(default_factory=Counter)
    arrivals: int = 0
    misrecorded: int = 0
    doubled: int = 0
    strays: list[Finding] = field(default_factory=list)
    doubles: list[Finding] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Contacts that are in no place."""
        return self.places[Place.NOWHERE]

    @property
    def ok(self) -> bool:
        """True when promises 1 and 2 hold and the record says what the log says."""
        return not (self.lost or self.doubled or self.misrecorded)

    def equation(self) -> dict[str, int]:
        """Return contacts = finished + refused + held + returned + open + lost."""
        at = self.places
        groups = {
            "finished": at[Place.ENDED],
            "refused": at[Place.REFUSED] + at[Place.DROPPED],
            "held": at[Place.HELD] + at[Place.DEAD],
            "returned": at[Place.RETURNED],
            "lost": self.lost,
        }
        contacts = at.total()
        return {"contacts": contacts, **groups, "open": contacts - sum(groups.values())}


class Ledger:
    """Takes sightings in the order decided, recorded, dead, arrived, and then reports.

    All but the arrivals are seen at one vector of offsets; the ends of the arrivals were asked for
    later, so that what was decided has arrived.
    """

    def __init__(self, witness: Witness | None = None) -> None:
        self._witness = witness or Witness()
        self._seen: dict[int, int] = {}
        self._read: dict[tuple[str, int, int], Read] = {}
        self._set_aside: set[SetAside] = set()
        self._fates: dict[SetAside, Fate] = {}
        self._dead_rulings: dict[SetAside, int] = {}
        self._doubled: set[int] = set()
        self._report = Report()
        self.foreign = ForeignLedger()

    def decided(self, record: Accepted) -> None:
        """Note what a record of rulings or facts moved."""
        reader = record.partition
        for topic, partition, read in record.inputs:
            self._read[topic, partition, reader] = read
        self._set_aside.update(record.set_aside)
        for step in record.steps:
            self._step(step)

    def recorded(self, row: Recorded) -> None:
        """Note a row of the recorder and compare it with the log."""
        key = _key(row.contact_id, row.release)
        state = self._seen.get(key, 0)
        logged = Place(state & _NIBBLE)
        place = row.place
        if logged is not Place.NOWHERE and logged is not place:
            self._report.misrecorded += 1
            why = f"the log says {logged.word}, the record says {place.word}"
            self._stray(Finding(row.contact_id, row.release, why, "contact_state"))
        if logged is Place.NOWHERE and self._passed_over(row):
            place = self._fate_of_passed_over(row)
        state |= place << _RECORDED_SHIFT
        if place is Place.NOWHERE:
            # Known to the recorder and yet in no place: its arrival is not to be judged again.
            self._report.places[place] += 1
            state |= _COUNTED
        self._seen[key] = state

    def conflict(self, contact_id: str, release: int) -> None:
        """Note that the recorder found a second live assignment (rule 6.3)."""
        self._double(contact_id, release, "a second live assignment", "conflict")

    def became_dead(self, aside: SetAside, fate: Fate) -> None:
        """Note what became of an input of the router or of a dispatcher that was set aside."""
        self._fates[aside] = fate
        key = self._dead_rulings.get(aside)
        if key is None or fate is Fate.WAITS:
            return
        state = self._seen[key]
        if fate is Fate.DROPPED:
            self._seen[key] = state & ~(_NIBBLE << _RECORDED_SHIFT) | (
                Place.DROPPED << _RECORDED_SHIFT
            )
        else:
            self._seen[key] = state | _COUNTED

    def arrived(self, arrival: Arrival) -> None:
        """Count an entry of the contacts log, unless its (contact, release) is counted already."""
        self._report.arrivals += 1
        self._witness.found(arrival.contact_id)
        if arrival.source is not None:
            self.foreign.became_contact(*arrival.source)
        key = _key(arrival.contact_id or str(arrival.at), arrival.release)
        state = self._seen.get(key, 0)
        if state & _COUNTED:
            return
        place = Place(state >> _RECORDED_SHIFT & _NIBBLE)
        if place is Place.NOWHERE:
            aside = SetAside(CONTACTS, arrival.at)
            if aside in self._set_aside and self._fates.get(aside) is Fate.REQUEUED:
                return
            place = self._unruled(arrival, Place(state & _NIBBLE))
        self._report.places[place] += 1
        self._seen[key] = state | _COUNTED

    def report(self) -> Report:
        """Close the books: add the foreign records in no contact, and what the witness says."""
        for place, count in self.foreign.count().items():
            self._report.places[place] += count
        for at in self.foreign.lost():
            self._stray(Finding("", 0, "intake passed it and wrote nothing", at))
        self._hear_witness()
        return self._report

    def _hear_witness(self) -> None:
        why = "Kafka acknowledged it to its sender and does not have it"
        for contact_id in self._witness.missing():
            self._report.places[Place.NOWHERE] += 1
            self._stray(Finding(contact_id, 0, why, "journal"))
        for partition, offset in self._witness.missing_foreign(self.foreign.ends()):
            self._report.places[Place.NOWHERE] += 1
            self._stray(Finding("", 0, why, f"intake/{partition}@{offset}"))
        for shown in self._witness.doubles():
            self._double(shown.contact_id, shown.release, shown.why, "journal")

    def _step(self, step: Step) -> None:
        key = _key(step.contact_id, step.release)
        state = self._seen.get(key, 0)
        at = f"facts/{step.at.partition}@{step.at.offset}[{step.at.entry}]"
        if step.place is Place.CONFIRMED:
            if state & _CONFIRMED:
                self._double(step.contact_id, step.release, "confirmed twice", at)
            state |= _CONFIRMED
        if state & _LEFT:
            why = "left its dispatcher twice" if step.place in TERMINAL else "moved after its end"
            self._double(step.contact_id, step.release, why, at)
        if step.place in TERMINAL:
            state |= _LEFT
        self._seen[key] = state & ~_NIBBLE | step.place

    def _passed_over(self, row: Recorded) -> bool:
        """Tell whether the dispatcher has read the ruling, and no fact came of it."""
        if row.place is not Place.ROUTED or row.ruling is None or row.dispatcher is None:
            return False
        read = self._read.get((RULINGS, row.ruling.partition, row.dispatcher))
        return read is not None and row.ruling[1:] < read

    def _fate_of_passed_over(self, row: Recorded) -> Place:
        if row.ruling is not None and SetAside(RULINGS, row.ruling) in self._set_aside:
            self._dead_rulings[SetAside(RULINGS, row.ruling)] = _key(row.contact_id, row.release)
            return Place.DEAD
        why = "its dispatcher has read the ruling and wrote no fact"
        self._stray(Finding(row.contact_id, row.release, why, _ruling_name(row.ruling)))
        return Place.NOWHERE

    def _unruled(self, arrival: Arrival, logged: Place) -> Place:
        read = self._read.get((CONTACTS, arrival.at.partition, arrival.at.partition))
        if logged is Place.NOWHERE and (read is None or arrival.at[1:] >= read):
            return Place.UNREAD
        if (aside := SetAside(CONTACTS, arrival.at)) in self._set_aside:
            return Place.DROPPED if self._fates.get(aside) is Fate.DROPPED else Place.DEAD
        if not arrival.contact_id:
            # It has no id that a row could bear; the router can only have refused it.
            return Place.REFUSED
        why = (
            "the router has read it and nothing is recorded"
            if logged is Place.NOWHERE
            else f"the log says {logged.word} and nothing is recorded"
        )
        at = f"contacts/{arrival.at.partition}@{arrival.at.offset}[{arrival.at.entry}]"
        self._stray(Finding(arrival.contact_id, arrival.release, why, at))
        return Place.NOWHERE

    def _stray(self, finding: Finding) -> None:
        if len(self._report.strays) < LISTED_MAX:
            self._report.strays.append(finding)

    def _double(self, contact_id: str, release: int, why: str, at: str) -> None:
        key = _key(contact_id, release)
        if key not in self._doubled:
            self._doubled.add(key)
            self._report.doubled += 1
        if len(self._report.doubles) < LISTED_MAX:
            self._report.doubles.append(Finding(contact_id, release, why, at))


def _key(contact_id: str, release: int) -> int:
    digest = hashlib.blake2b(f"{release}/{contact_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _ruling_name(at: At | None) -> str:
    return "" if at is None else f"rulings/{at.partition}@{at.offset}[{at.entry}]"
