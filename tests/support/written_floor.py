"""A driven floor whose every step is also written as logs and a journal, for the checker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from typing_extensions import override

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_page import look, partition
from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Attempt, Fact
from services.runtime.fenced_log.header import (
    Claim,
    Control,
    Fence,
    FencePoint,
    Header,
    Inputs,
    Position,
    to_proto,
)
from services.runtime.fenced_log.question import Told
from services.runtime.mirror import Mirror
from tests.checker.history import COMMANDS, CONTACTS, FACTS, MAP, RULINGS, SUPPRESSIONS, Log
from tests.support.builders import BOOT, HOUR, S
from tests.support.checked_history import WrittenHistory
from tests.unit.dispatcher.driven import DrivenFloor

_COMMAND_KINDS: dict[type, tuple[str, Mirror[Any]]] = {}
for _field in commands_pb2.Command.DESCRIPTOR.oneofs_by_name["kind"].fields:
    _cls = getattr(inputs, "".join(word.title() for word in _field.name.split("_")))
    _COMMAND_KINDS[_cls] = (_field.name, Mirror(_cls, getattr(commands_pb2, _cls.__name__)))
_ROUTER = b"router".ljust(16)
PERSON_KEY_BYTES = 16
VALID_MS = 10 * HOUR


class WrittenFloor(DrivenFloor):
    """Writes what a stack of one partition would, the owner's logs as the codec writes them."""

    @override
    def open(self, session_ids: Sequence[str]) -> None:
        self.history = WrittenHistory()
        self._codec = DispatcherCodec(1)
        self._point = FencePoint(0, b"", 0)
        self._rulings_seq = 0
        self._takeovers: list[int] = []
        self._is_left_undecided = False
        self._numbers_ms: dict[Attempt, int] = {}
        self.now_ms = 0
        self._fence()
        self._ruled(Fence("router-0"), ())
        super().open(session_ids)

    # --- what comes in ---------------------------------------------------------------------------

    @override
    def decide(self, item: Any, boot_id: bytes = BOOT) -> None:
        item = self._admitted(item)
        self._arrive(item, boot_id)
        super().decide(item, boot_id)

    def _admitted(self, item: Any) -> Any:
        """Keep what a router or feeder would not let through from coming in."""
        if isinstance(item, inputs.Withdraw) and item.person_key:
            return replace(item, person_key=_key(item.person_key))
        if not isinstance(item, inputs.Routed):
            return item
        contact = replace(item.contact, person_key=_key(item.contact.person_key))
        if any(contact.contact_id == name for name, _ in self.core.floor.contacts):
            contact = replace(contact, contact_id=f"other-{contact.release}")
        return replace(item, contact=contact)

    def _arrive(self, item: Any, boot_id: bytes) -> None:
        if isinstance(item, inputs.Routed):
            self._routed(item)
        elif isinstance(item, inputs.Withdraw):
            self.history.append((SUPPRESSIONS, 0), self.now_ms, suppressions_pb2.Withdrawal())
        elif type(item) in _COMMAND_KINDS:
            name, mirror = _COMMAND_KINDS[type(item)]
            record = commands_pb2.CommandRecord(boot_id=boot_id)
            nested = getattr(record.commands.add(), name)
            nested.SetInParent()
            mirror.write(item, nested)
            self.history.append((COMMANDS, 0), self.moment().now_ms, record)
            self._is_left_undecided = False
        else:
            self.history.append((MAP, 0), self.now_ms, map_pb2.MapRecord())

    def _routed(self, item: inputs.Routed) -> None:
        contact = self.arrive(item.contact, max(self.now_ms + VALID_MS, item.allow_until_ms))
        ruling = self.ruling(contact, item.map_version, item.policy_version)
        ruling.seat_id = item.seat_id
        ruling.routed.centre_id = item.centre_id
        ruling.routed.allow_until.FromMilliseconds(item.allow_until_ms)
        self._ruled(None, (ruling,))

    def arrive(self, contact: facts.Contact, valid_until_ms: int) -> contacts_pb2.Contact:
        """Append a contact, acknowledged to its sender."""
        arrived = contacts_pb2.Contact()
        Mirror(facts.Contact, contacts_pb2.Contact).write(contact, arrived)
        arrived.valid_until.FromMilliseconds(valid_until_ms)
        record = contacts_pb2.ContactRecord(contacts=[arrived])
        offset = self.history.append((CONTACTS, 0), self.now_ms, record)
        self._note("acknowledged", contact=contact.contact_id, at=[CONTACTS, 0, offset, 0])
        return arrived

    def ruling(
        self, contact: contacts_pb2.Contact, map_version: int = 1, policy_version: int = 1
    ) -> rulings_pb2.Ruling:
        return rulings_pb2.Ruling(
            contact=contact, map_version=map_version, policy_version=max(0, policy_version)
        )

    def rule(self, *rulings: rulings_pb2.Ruling) -> None:
        """Append rulings on what has arrived."""
        self._ruled(None, rulings)
        self.apply([])

    def _ruled(self, control: Control | None, rulings: Sequence[rulings_pb2.Ruling]) -> None:
        log = (CONTACTS, 0)
        begins = isinstance(control, Fence)
        self._rulings_seq += 0 if begins else 1
        point = FencePoint(1, _ROUTER, self._rulings_seq)
        moved = () if begins else ((*log, Position(len(self.history.logs[log]))),)
        header = to_proto(Header(point, self.now_ms, moved, control))
        record = rulings_pb2.RulingRecord(header=header, rulings=rulings)
        self.history.append((RULINGS, 0), self.now_ms, record)

    # --- what comes out --------------------------------------------------------------------------

    @override
    def apply(self, decided: Sequence[Fact]) -> None:
        self._point = replace(self._point, seq=self._point.seq + 1)
        self._write(Header(self._point, self.now_ms, self._moved()), decided)
        for fact in decided:
            self._show(fact)
        super().apply(decided)

    def _say(self, control: Control) -> Inputs:
        """Append a part of a snapshot; return the inputs that it names."""
        self._point = replace(self._point, seq=self._point.seq + 1)
        moved = self._moved()
        self._write(Header(self._point, self.now_ms, moved, control), ())
        return moved

    def _moved(self) -> Inputs:
        if self.behind and not self._is_left_undecided:
            alive = commands_pb2.Command(gateway_alive=commands_pb2.GatewayAlive())
            record = commands_pb2.CommandRecord(boot_id=BOOT, commands=[alive])
            self.history.append((COMMANDS, 0), self.moment().now_ms, record)
        self._is_left_undecided = self.behind
        ends = {log: len(self.history.logs[log, 0]) for log in (COMMANDS, MAP, SUPPRESSIONS)}
        ends[COMMANDS] -= self._is_left_undecided
        rulings = self.history.logs[RULINGS, 0]
        point = FencePoint(1, _ROUTER, self._rulings_seq)
        return (
            *((topic, 0, Position(end)) for topic, end in ends.items()),
            (RULINGS, 0, Position(len(rulings), 0, point)),
        )

    def _write(self, header: Header, decided: Sequence[Fact]) -> None:
        value = self._codec.record(header, decided)
        self.history.append((FACTS, 0), self.now_ms, facts_pb2.FactRecord.FromString(value))

    def _fence(self) -> None:
        epoch = self._point.epoch + 1
        claim = Header(FencePoint(0, b"claims".ljust(16), 0), self.now_ms, (), Claim("dispatcher"))
        self._write(claim, ())
        zombie = self._point
        self._point = FencePoint(epoch, epoch.to_bytes(PERSON_KEY_BYTES), 0)
        self._write(Header(self._point, self.now_ms, (), Fence(self._slot)), ())
        if zombie.epoch:
            self._takeovers.append(self.now_ms)
            late = replace(zombie, seq=zombie.seq + 1)
            ghost = facts.Returned("ghost", 1, facts.words.ReturnReason.MAX_WAIT, 0, 5, "", "")
            self._write(Header(late, self.now_ms), (ghost,))

    @property
    def _slot(self) -> str:
        return f"dispatcher-{self._point.epoch - 1}"

    @override
    def take_over(self) -> None:
        super().take_over()
        self._fence()

    def tell(self) -> None:
        """Say what the owner has in memory now, as its page does."""
        end = len(self.history.logs[FACTS, 0])
        page = partition(Told(0, self._point, end, look(self.core)))
        self.history.told.append(orjson.loads(orjson.dumps(page)))

    def _show(self, fact: Fact) -> None:
        """Tell the desk, as its gateway does when it has read the fact."""
        if isinstance(fact, facts.Offered):
            self._saw("offer", fact)
        elif isinstance(fact, facts.Confirmed):
            self._numbers_ms[fact.attempt] = fact.dial_by_ms
        elif isinstance(fact, facts.DialStarted):
            dial_by_ms = self._numbers_ms[fact.attempt]
            self._saw("number", fact, dial_by_ms=dial_by_ms, dialled=self.now_ms <= dial_by_ms)
        elif isinstance(fact, facts.OutcomeAmended) or (
            isinstance(fact, facts.Ended) and fact.disposition is not None
        ):
            self._saw("saved", fact)

    def _saw(self, kind: str, fact: Any, **more: object) -> None:
        attempt = fact.attempt
        named = [attempt.contact_id, attempt.release, attempt.attempt]
        self._note(kind, session=fact.session_id, attempt=named, **more)

    def _note(self, kind: str, **fields: object) -> None:
        self.history.journal.append({"kind": kind, "wall_ms": self.now_ms, **fields})

    # --- time ------------------------------------------------------------------------------------

    def passing(self, ms: int) -> None:
        """Let time go by as the loop does, a second at a time, with the gateway's signs of life."""
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + S)
            ours = self.core.floor.bindings.get(BOOT)
            self.decide(inputs.GatewayAlive(0, self.now_ms, ours and ours.digest))
            self.settle()


def _key(person: bytes) -> bytes:
    return person.ljust(PERSON_KEY_BYTES)[:PERSON_KEY_BYTES]


def end_of(history: WrittenHistory, log: Log) -> int:
    return len(history.logs[log])
