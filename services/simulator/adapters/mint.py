"""Make wire contacts of arrivals: ours sealed and batched, foreign ones as plain JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from seatline.contacts.v1 import contacts_pb2
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from services.simulator.domain.arrivals import Arrival
from services.simulator.domain.chance import Chance
from services.simulator.domain.measure import contact_id
from services.simulator.domain.persons import person
from services.simulator.ports import Minted, Ticks

CONTACTS = "seatline.contacts.v1"
INTAKE = "seatline.intake.v1"
CAMPAIGN = "rehearsal"
_RELEASE = 1
_VALID_MS = 30 * 60 * 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """What tells the contacts of one run from those of another."""

    name: str
    first_phone: int
    partitions: int
    """Of contacts and of intake alike: a stack has one count."""


class WireMint:
    """Makes contacts for the two logs in which they enter."""

    def __init__(self, run: Run, sealer: Sealer, chance: Chance, ticks: Ticks) -> None:
        self._run = run
        self._sealer = sealer
        self._chance = chance
        self._ticks = ticks

    def mint(self, arrival: Arrival) -> Minted:
        """Invent the person of an arrival and make its contact."""
        name = contact_id(self._run.name, arrival.number)
        partition = partition_of(name.encode(), self._run.partitions)
        if arrival.foreign:
            return Minted(name, INTAKE, partition, self._foreign(name, arrival), foreign=True)
        return Minted(name, CONTACTS, partition, self._contact(name, arrival), foreign=False)

    def record(self, topic: str, minted: Sequence[Minted]) -> bytes:
        """Put contacts of ours into one record; a foreign one is a record already."""
        if topic == INTAKE:
            (one,) = minted
            return one.value
        record = contacts_pb2.ContactRecord()
        for one in minted:
            record.contacts.add().MergeFromString(one.value)
        return record.SerializeToString()

    def _contact(self, name: str, arrival: Arrival) -> bytes:
        somebody = person(arrival.number, self._run.first_phone, self._chance)
        plain = contacts_pb2.SealedPerson(phone=somebody.phone, name=somebody.name)
        contact = contacts_pb2.Contact(
            contact_id=name,
            release=_RELEASE,
            person_key=self._sealer.person_key(somebody.phone),
            seat_id=arrival.seat_id,
            language=arrival.language,
            priority=arrival.priority,
            campaign=CAMPAIGN,
            sealed=self._sealer.seal(plain.SerializeToString(), name.encode()),
        )
        contact.valid_until.FromMilliseconds(self._ticks.wall_ms() + _VALID_MS)
        return contact.SerializeToString()

    def _foreign(self, name: str, arrival: Arrival) -> bytes:
        somebody = person(arrival.number, self._run.first_phone, self._chance)
        return orjson.dumps(
            {
                "contact_id": name,
                "seat_id": arrival.seat_id,
                "phone": somebody.phone,
                "name": somebody.name,
                "language": arrival.language,
                "priority": arrival.priority,
                "campaign": CAMPAIGN,
            }
        )
