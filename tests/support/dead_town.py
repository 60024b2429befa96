"""Dead letters in an in-memory log, and operators with hands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from services.cli.adapters.dead_log import KafkaDeadLog
from services.cli.adapters.originals import LogOriginals
from services.cli.domain.dead import CONTACTS, INTAKE, RULINGS, Case, DeadFold, LetterId
from services.cli.domain.requeue import Entry, Standing
from services.cli.handlers.dead import DeadHandler
from services.runtime.fenced_log.header import Failure
from tests.fakes.log import FakeClock
from tests.fakes.log_book import STAMPED_MS, InMemoryAppends, InMemoryLogBook
from tests.support.cli_logs import FACTS, fence, record, set_aside
from tests.support.recorder_entries import contact, routed

DEAD = "seatline.dead.v1"
HOUR_MS = 3_600_000
SEALED = b"sealed: "
NEVER_RULED = Standing(None, None, None)


@dataclass
class InMemoryStandings:
    """What the bank knows of contacts; of others, that they were never ruled on."""

    known: dict[str, Standing] = field(default_factory=dict)

    async def of(self, entry: Entry) -> Standing:
        return self.known.get(entry.contact_id, NEVER_RULED)


class DeadTown:
    """One partition of each log, and what stands in them."""

    def __init__(self) -> None:
        self.book = InMemoryLogBook(partitions=1)
        self.standings = InMemoryStandings()
        self.clock = FakeClock()
        self.opens = True

    def letter(self, topic: str, offset: int, index: int = 0, **fields: object) -> LetterId:
        values: Mapping[str, object] = {
            "service": {INTAKE: "intake", CONTACTS: "router"}.get(topic, "dispatcher"),
            "reason": dead_pb2.DEAD_REASON_UNDECIDABLE,
            **fields,
        }
        letter = dead_pb2.DeadLetter(topic=topic, offset=offset, index=index)
        for name, value in values.items():
            setattr(letter, name, value)
        return LetterId(0, self.book.put(DEAD, 0, letter.SerializeToString()))

    def foreign(self, value: bytes, *, kept: bool = True, sealed: bool = True) -> LetterId:
        """Give the letter of a foreign record."""
        offset = self.book.put(INTAKE, 0, value)
        if not kept:
            self.book.starts[INTAKE, 0] = offset + 1
        payload = SEALED + value if sealed else b""
        reason = dead_pb2.DEAD_REASON_INVALID_PHONE
        return self.letter(INTAKE, offset, sealed_payload=payload, reason=reason, field="phone")

    def arrival(self, *contact_ids: str, entry: int = 0, valid_ms: int = HOUR_MS) -> LetterId:
        """Give the letter of an entry of the contacts log."""
        contacts = [contact(contact_id) for contact_id in contact_ids]
        for each in contacts:
            each.valid_until.FromMilliseconds(STAMPED_MS + valid_ms)
        value = contacts_pb2.ContactRecord(contacts=contacts).SerializeToString()
        offset = self.book.put(CONTACTS, 0, value)
        return self.letter(CONTACTS, offset, entry, contact_id=contact_ids[entry])

    def ruling(self, contact_id: str, *failures: Failure) -> LetterId:
        """Give the letter of a ruling; of its dispatcher, what failed: this, unless given."""
        ruling = routed(contact_id)
        ruling.contact.valid_until.FromMilliseconds(STAMPED_MS + HOUR_MS)
        self.book.put(RULINGS, 0, fence(RULINGS))
        offset = self.book.put(RULINGS, 0, record(RULINGS, ruling, seq=1))
        letter = self.letter(RULINGS, offset, contact_id=contact_id)
        self.book.put(FACTS, 0, fence(FACTS))
        given_up = failures or (set_aside(RULINGS, 0, offset),)
        self.book.put(FACTS, 0, record(FACTS, seq=1, failures=given_up))
        self.standings.known[contact_id] = Standing("routed", 1, STAMPED_MS)
        return letter

    def operator(self) -> "Operator":
        return Operator(self)

    def fold(self) -> DeadFold:
        return DeadFold().take_all(KafkaDeadLog(self.book, InMemoryAppends(self.book)).news())

    def case(self, letter: LetterId) -> Case:
        case = self.fold().case(letter)
        assert case is not None
        return case

    def values(self, topic: str) -> list[bytes]:
        return self.book.values[topic, 0]

    def contacts(self) -> Iterator[contacts_pb2.Contact]:
        for value in self.values(CONTACTS):
            yield from contacts_pb2.ContactRecord.FromString(value).contacts


class Operator:
    """One run of a command."""

    def __init__(self, town: DeadTown) -> None:
        self.appends = InMemoryAppends(town.book, town.clock.wall_ms())

        def opened(sealed: bytes, context: bytes) -> bytes | None:
            assert context.startswith(INTAKE.encode())
            return sealed.removeprefix(SEALED) if town.opens else None

        self.dead = DeadHandler(
            log=KafkaDeadLog(town.book, self.appends),
            originals=LogOriginals(town.book, opened),
            standings=town.standings,
            appended=self.appends.append_all,
            clock=town.clock,
            progress=lambda _: None,
        )
