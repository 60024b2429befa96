import json
from random import Random

from seatline.contacts.v1 import contacts_pb2
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from services.simulator.adapters.mint import CONTACTS, INTAKE, Run, WireMint
from services.simulator.domain.arrivals import Arrival, Part
from tests.fakes.simulator import FakeTicks

SEALER = Sealer(bytes(range(32)))
RUN = Run("sim1-abc", 5_000, 8)


def mint() -> WireMint:
    return WireMint(RUN, SEALER, Random(1).random, FakeTicks())


def arrival(number: int, foreign: bool = False) -> Arrival:
    return Arrival(number, 0.0, "S24-35", "hi", 7, foreign=foreign, part=Part.MEASURED)


def test_a_contact_of_ours_is_sealed_under_its_id() -> None:
    minted = mint().mint(arrival(3))
    contact = contacts_pb2.Contact.FromString(minted.value)
    assert (minted.topic, minted.contact_id) == (CONTACTS, "sim1-abc-0000003")
    assert minted.partition == partition_of(b"sim1-abc-0000003", 8)
    assert (contact.seat_id, contact.language, contact.priority) == ("S24-35", "hi", 7)
    assert contact.release == 1
    plain = contacts_pb2.SealedPerson.FromString(SEALER.open(contact.sealed, b"sim1-abc-0000003"))
    assert plain.phone == "+911000005003"
    assert contact.person_key == SEALER.person_key(plain.phone)
    assert plain.phone.encode() not in minted.value


def test_a_record_holds_its_contacts_in_order() -> None:
    maker = mint()
    minted = [maker.mint(arrival(number)) for number in range(3)]
    record = contacts_pb2.ContactRecord.FromString(maker.record(CONTACTS, minted))
    assert [contact.contact_id for contact in record.contacts] == [m.contact_id for m in minted]


def test_a_foreign_contact_is_plain_json_of_its_own() -> None:
    maker = mint()
    minted = maker.mint(arrival(4, foreign=True))
    assert (minted.topic, minted.foreign) == (INTAKE, True)
    fields = json.loads(maker.record(INTAKE, [minted]))
    assert fields["contact_id"] == "sim1-abc-0000004"
    assert fields["phone"] == "+911000005004"
    assert fields["seat_id"] == "S24-35"
