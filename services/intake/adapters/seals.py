"""Seal persons and payloads with the key of the stack."""

from services.intake.adapters.codec import payload_context, person_bytes
from services.intake.domain.values import CheckedContact, ForeignRecord, SealedPerson
from services.runtime.sealing import Sealer


class StackSeals:
    """The stack's key, as intake uses it."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal_person(self, contact: CheckedContact) -> SealedPerson:
        """Return the person sealed, bound to the contact id."""
        context = contact.contact_id.encode()
        return SealedPerson(
            person_key=self._sealer.person_key(contact.person.phone),
            sealed=self._sealer.seal(person_bytes(contact.person), context),
        )

    def seal_payload(self, record: ForeignRecord) -> bytes:
        """Return a record's bytes sealed, bound to its place."""
        return self._sealer.seal(record.value, payload_context(record.partition, record.offset))
