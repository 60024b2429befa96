"""Open sealed persons. Nothing that is opened here may reach a log, a metric or an error."""

from google.protobuf.message import DecodeError
from typing_extensions import override

from seatline.contacts.v1 import contacts_pb2 as wire
from services.gateway.domain.values import Confirmed, Person
from services.gateway.ports import Persons
from services.runtime.sealing import Sealer, UnsealError


class SealedPersons(Persons):
    """Opens with the stack's key, the contact id as associated data."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    @override
    def open(self, confirmed: Confirmed) -> Person | None:
        context = confirmed.attempt.contact_id.encode()
        try:
            plain = self._sealer.open(confirmed.sealed, context)
            person = wire.SealedPerson.FromString(plain)
        except (UnsealError, DecodeError):
            return None
        if not person.phone:
            return None
        return Person(person.phone, person.name)
