"""Who brings contacts and orders in: the intake's, the feeder's and the operator's part."""

from collections.abc import Callable
from random import Random

from typing_extensions import override

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.domain import facts
from services.router.adapters.topics import CONTACTS
from services.runtime.log_port import SendError, Sent
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from tests.simtest.deciders import PARTITIONS
from tests.simtest.doors import KEY
from tests.simtest.log import SimulatedLogWriter
from tests.simtest.node import WALL_MS, Node
from tests.simtest.plan import CENTRES, CLOSES, HOMES, PlannedContact, PlannedOrder

_SEALER = Sealer(KEY)
_VALID_MS = 300_000
_LATER_MS = 200_000
RELEASES_MAX = 3
_SCOPES = {
    "all": map_pb2.STOP_SCOPE_ALL,
    "campaign": map_pb2.STOP_SCOPE_CAMPAIGN,
    "seat": map_pb2.STOP_SCOPE_SEAT,
    "centre": map_pb2.STOP_SCOPE_CENTRE,
}
_SEALED: dict[tuple[str, int], bytes] = {}


def person_key(person: int) -> bytes:
    return f"person {person:09d}".encode()


class Source(Node):
    """Sends each contact until Kafka acknowledges it, and releases again what came back."""

    writer: SimulatedLogWriter
    told: Callable[[str], None]

    def open(self, writer: SimulatedLogWriter) -> None:
        self.writer = writer
        self.contacts: dict[str, PlannedContact] = {}
        self.unsettled = 0
        self.acknowledged: set[str] = set()
        self.duplicates = 0

    @override
    def turn(self) -> None:
        self.writer.serve()

    def send(self, contact: PlannedContact, release: int = 1) -> None:
        """Send a release of a contact."""
        self.contacts[contact.name] = contact
        number = partition_of(contact.name.encode(), PARTITIONS)
        self.told(f"source sends {contact.name}/{release} for {contact.seat_id}")
        self._send((CONTACTS, number), _contact_record(contact, release), contact.name)

    def send_again(self, pick: int) -> None:
        """Send what was sent before, as whoever lost the acknowledgement does."""
        names = sorted(self.contacts)
        if names:
            self.duplicates += 1
            self.send(self.contacts[names[pick % len(names)]])

    def feed(self, key: tuple[str, int], fact: facts.Fact, chance: Random) -> None:
        """Release a contact again that was returned, or never dialled (rule 7.2)."""
        name, release = key
        if release < RELEASES_MAX and name in self.contacts:
            again = self.contacts[name]
            self.scheduler.after(chance.randrange(50, 800), self.send, again, release + 1)

    def order(self, order: PlannedOrder) -> None:
        """Give an operator's order."""
        self.told(f"operator orders {order.kind} {order.what}")
        match order.kind:
            case "withdraw":
                key = person_key(int(order.what))
                self._suppress(person_key=key, kind=suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT)
            case "recall":
                kind = suppressions_pb2.WITHDRAWAL_KIND_RECALL
                self._suppress(contact_id=order.what, kind=kind)
            case "release":
                hand = commands_pb2.ReleaseContact(contact_id=order.what, by="operator")
                self._command(commands_pb2.Command(release_contact=hand))
            case "end" | "interrupt":
                now = order.kind == "interrupt"
                end = commands_pb2.EndSession(session_id=order.what, by="operator", interrupt=now)
                self._command(commands_pb2.Command(end_session=end))
            case "map":
                self._send((topics.MAP, 0), seat_map(2, order.what).SerializeToString())
            case _:
                scope, _, scope_id = order.what.partition("/")
                record = map_pb2.MapRecord()
                named = record.stop if order.kind == "stop" else record.resume
                named.scope, named.id = _SCOPES[scope], scope_id
                self._send((topics.MAP, 0), record.SerializeToString())

    def publish(self) -> None:
        """Publish the first map and policy."""
        self._send((topics.MAP, 0), seat_map(1, "").SerializeToString())
        self._send((topics.MAP, 0), _policy().SerializeToString())

    def _command(self, command: commands_pb2.Command) -> None:
        """Order it in every partition: those that have not what is meant refuse."""
        value = commands_pb2.CommandRecord(commands=[command]).SerializeToString()
        for number in range(PARTITIONS):
            self._send((topics.COMMANDS, number), value)

    def _suppress(self, **fields: object) -> None:
        record = suppressions_pb2.Withdrawal(by="operator", why="asked", **fields)  # type: ignore[arg-type]
        self._send((topics.SUPPRESSIONS, 0), record.SerializeToString())

    def _send(self, tp: tuple[str, int], value: bytes, name: str = "") -> None:
        self.unsettled += 1

        def done(outcome: Sent | SendError) -> None:
            self.unsettled -= 1
            if isinstance(outcome, SendError):
                self._send(tp, value, name)
            else:
                self.acknowledged.add(name)

        self.writer.send(tp, value, done)


def _contact_record(planned: PlannedContact, release: int) -> bytes:
    if planned.kind == "unreadable":
        return f"{planned.name} is no contact".encode()
    sealed = _SEALED.get((planned.name, planned.person))
    if sealed is None:
        person = contacts_pb2.SealedPerson(phone=f"+1555{planned.person:07d}", name="Somebody")
        sealed = _seal(planned.name.encode(), person.SerializeToString())
        _SEALED[planned.name, planned.person] = sealed
    contact = contacts_pb2.Contact(
        contact_id=planned.name,
        release=release,
        person_key=person_key(planned.person),
        seat_id="S9-9" if planned.kind == "unknown" else planned.seat_id,
        language="hi" if planned.priority == 3 else "",
        priority=planned.priority,
        campaign=planned.campaign,
        sealed=sealed,
    )
    contact.valid_until.FromMilliseconds(WALL_MS + _VALID_MS)
    if planned.kind == "later":
        contact.due_at.FromMilliseconds(WALL_MS + _LATER_MS)
    twice = [contact] * (2 if planned.kind == "again" else 1)
    return contacts_pb2.ContactRecord(contacts=twice).SerializeToString()


def _seal(context: bytes, plain: bytes) -> bytes:
    """Seal as `Sealer` does, with a nonce that is the same in every run."""
    nonce = bytes(12)
    return nonce + _SEALER._aead.encrypt(nonce, plain, context)


def seat_map(version: int, change: str) -> map_pb2.MapRecord:
    """Return a map: the first, or one that moves a seat or closes a centre."""
    record = map_pb2.MapRecord(by="operator", why="simulation")
    record.seat_map.version = version
    for centre_id, partition in CENTRES.items():
        closed = change == "close" and centre_id == CLOSES
        record.seat_map.centres.add(
            centre_id=centre_id, name=centre_id, partition=partition, callers=3,
            languages=["hi"], closed=closed,
        )  # fmt: skip
    homes = {**HOMES, **({"S1-2": "C002"} if change == "move" else {})}
    for seat_id, centre_id in homes.items():
        record.seat_map.seats.add(seat_id=seat_id, centre_id=centre_id)
    return record


def _policy() -> map_pb2.MapRecord:
    record = map_pb2.MapRecord(by="operator", why="simulation")
    policy = record.policy
    policy.version, policy.time_zone = 1, "Etc/UTC"
    policy.closes.seconds = 24 * 3600
    policy.opens.SetInParent()
    policy.max_wait.seconds = 6
    policy.wrap_up.seconds = 3
    return record
