"""A dispatcher that writes exactly the facts that a test asks for, as one owner."""

from collections.abc import Callable

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.map.v1 import map_pb2
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.runtime.log_port import TopicPartition
from services.runtime.sealing import Sealer

FACTS = "seatline.facts.v1"
MAP = ("seatline.map.v1", 0)
SUPPRESSIONS = ("seatline.suppressions.v1", 0)
KEY = bytes(range(32))
TOKEN = "of-a-test"  # noqa: S105 (opens nothing but the doors of tests)
PHONE, NAME = "+15555550123", "Generated Name"
Fact = facts_pb2.Fact


class ScriptedDispatcher:
    """Owns every partition of facts; `append` writes a record to the log of the test."""

    def __init__(self, append: Callable[[TopicPartition, bytes], object], epoch: int = 1) -> None:
        self.append = append
        self.epoch = epoch
        self.seq: dict[int, int] = {}
        self.sealer = Sealer(KEY)

    def write(self, partition: int, *facts: facts_pb2.Fact, epoch: int | None = None) -> bytes:
        """Append a record of an accepted owner, or of a zombie when `epoch` is lower."""
        seq = self.seq.get(partition, 0)
        control = None
        if seq == 0:
            control = Fence("dispatcher-0")
        point = FencePoint(epoch or self.epoch, b"owner-of-a-test!", seq)
        header = Header(point, at_ms=0, control=control)
        value = facts_pb2.FactRecord(header=to_proto(header), facts=facts).SerializeToString()
        if epoch is None:
            self.seq[partition] = seq + 1
        self.append((FACTS, partition), value)
        return value

    def publish_map(self, centres: dict[str, int]) -> None:
        record = map_pb2.MapRecord(by="test", why="test")
        record.seat_map.version = 1
        for centre_id, partition in centres.items():
            record.seat_map.centres.add(centre_id=centre_id, partition=partition)
        self.append(MAP, record.SerializeToString())

    def confirmed(
        self, signed_in: session_pb2.SignedIn, attempt: commands_pb2.Attempt, dial_by_ms: int
    ) -> facts_pb2.Fact:
        person = contacts_pb2.SealedPerson(phone=PHONE, name=NAME).SerializeToString()
        fact = facts_pb2.Confirmed(
            attempt=attempt,
            session_id=signed_in.session_id,
            generation=signed_in.generation,
            nonce=signed_in.nonce,
            sealed=self.sealer.seal(person, attempt.contact_id.encode()),
            person_key=self.sealer.person_key(PHONE),
            seat_id="S24-35",
            centre_id=signed_in.centre_id,
            campaign="spring",
        )
        fact.dial_by.FromMilliseconds(dial_by_ms)
        return Fact(confirmed=fact)


def signed_in(
    command: commands_pb2.SignIn, boot_id: bytes, generation: int = 1, *, resumed: bool = False
) -> session_pb2.SignedIn:
    """Return the fact that a dispatcher makes of a sign-in."""
    return session_pb2.SignedIn(
        session_id=command.session_id,
        centre_id=command.centre_id,
        languages=command.languages,
        generation=generation,
        boot_id=boot_id,
        nonce=command.nonce,
        resumed=resumed,
        activity=session_pb2.ACTIVITY_AVAILABLE,
    )


def attempt(contact_id: str = "K-1", number: int = 1, release: int = 1) -> commands_pb2.Attempt:
    return commands_pb2.Attempt(contact_id=contact_id, release=release, attempt=number)


def sign_in_wish(session_id: str, centre_id: str = "C001") -> wire.ClientEvent:
    return wire.ClientEvent(
        session_id=session_id, sign_in=wire.SignInWish(centre_id=centre_id, languages=["hi"])
    )
