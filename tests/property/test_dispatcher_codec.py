import typing
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.rulings.v1 import rulings_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain import facts
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.header import FencePoint, Header
from services.runtime.log_port import Arrived
from tests.support.builders import START_MS
from tests.support.scenario import AVAILABLE, FLOOR, at_end

CODEC = DispatcherCodec(8)
HEADER = Header(FencePoint(3, b"o" * 16, 9), START_MS)
INPUTS = (topics.COMMANDS, topics.RULINGS, topics.MAP, topics.SUPPRESSIONS)
SMALL = {"priority", "ready_callers", "waiting_contacts", "attempt", "open_offers"}


def _field(name: str, hint: object) -> st.SearchStrategy[object]:
    """Every integer that is no time or count may be as large as the wire allows."""
    if hint is int and name.endswith("_ms"):
        return st.integers(0, 2**45)
    if hint is int:
        return st.integers(0, 2**32 - 1 if name in SMALL else 2**64 - 1)
    if typing.get_origin(hint) is typing.Union or str(hint).endswith("| None"):
        wanted = next(arg for arg in typing.get_args(hint) if arg is not type(None))
        return st.none() | _field(name, wanted)
    if typing.get_origin(hint) is tuple:
        return st.lists(_field(name, typing.get_args(hint)[0]), max_size=3).map(tuple)
    if hasattr(hint, "__dataclass_fields__"):
        return _built(hint)  # type: ignore[arg-type]
    return st.from_type(hint)  # type: ignore[arg-type]


def _built(cls: type) -> st.SearchStrategy[object]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{name: _field(name, hint) for name, hint in hints.items()})


every_fact = st.one_of([_built(cls) for cls in typing.get_args(facts.Fact)])


@settings(deadline=None)
@given(st.lists(every_fact, max_size=4))
def test_every_fact_survives_the_wire(entries: list[facts.Fact]) -> None:
    value = CODEC.record(HEADER, entries)
    assert CODEC.entries(value) == entries
    assert CODEC.header(value) == HEADER


@settings(deadline=None)
@given(st.sampled_from(INPUTS), st.binary(max_size=300))
def test_random_bytes_are_items_or_poison(topic: str, value: bytes) -> None:
    with suppress(PoisonError):
        CODEC.batch(Arrived(topic, 0, 7, START_MS, value))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_facts_or_poison(value: bytes) -> None:
    for read in (CODEC.header, CODEC.entries):
        with suppress(PoisonError):
            read(value)


def _command_record() -> bytes:
    record = commands_pb2.CommandRecord(boot_id=b"b" * 16)
    record.commands.add().sign_in.CopyFrom(
        commands_pb2.SignIn(session_id="s1", centre_id="C001", languages=["hi"], nonce=b"n" * 8)
    )
    accept = record.commands.add().accept_offer
    accept.session_id, accept.generation = "s1", 1
    accept.attempt.contact_id, accept.attempt.release, accept.attempt.attempt = "c1", 1, 1
    given_outcome = record.commands.add().give_outcome
    given_outcome.session_id, given_outcome.disposition = "s1", commands_pb2.DISPOSITION_REACHED
    given_outcome.attempt.contact_id = "c1"
    given_outcome.talk.seconds = 3
    return bytes(record.SerializeToString())


def _ruling_record() -> bytes:
    record = rulings_pb2.RulingRecord()
    ruling = record.rulings.add(seat_id="S24-35", map_version=1, policy_version=1)
    ruling.contact.contact_id, ruling.contact.sealed = "c1", b"sealed"
    ruling.routed.centre_id = "C001"
    ruling.routed.allow_until.FromMilliseconds(START_MS)
    return bytes(record.SerializeToString())


def _order_record() -> bytes:
    record = map_pb2.MapRecord(by="ops")
    record.seat_map.version = 2
    record.seat_map.centres.add(centre_id="C001", partition=0)
    record.seat_map.seats.add(seat_id="S24-35", centre_id="C001")
    return bytes(record.SerializeToString())


WELL_FORMED = {
    topics.COMMANDS: _command_record(),
    topics.RULINGS: _ruling_record(),
    topics.MAP: _order_record(),
    topics.SUPPRESSIONS: suppressions_pb2.Withdrawal(
        person_key=b"p" * 16,
        kind=1,  # type: ignore[arg-type]
    ).SerializeToString(),
}


@settings(deadline=None)
@given(st.data(), st.sampled_from(INPUTS))
def test_a_damaged_input_is_poison_or_items_that_can_be_decided(
    data: st.DataObject, topic: str
) -> None:
    value = bytearray(WELL_FORMED[topic])
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        batch = CODEC.batch(Arrived(topic, 0, 7, START_MS, bytes(value)))
    except PoisonError:
        return
    core = FloorHandler(Limits())
    core.evolve([*FLOOR, *AVAILABLE], START_MS)
    for _, item in batch.items:
        decided = core.decide(item, at_end(START_MS))
        core.evolve(CODEC.entries(CODEC.record(HEADER, decided)), START_MS)


@settings(deadline=None)
@given(every_fact, st.data())
def test_a_damaged_fact_is_a_fact_or_poison(entry: facts.Fact, data: st.DataObject) -> None:
    value = bytearray(CODEC.record(HEADER, [entry]))
    value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PoisonError):
        CODEC.entries(bytes(value))


def test_all_kinds_of_facts_of_the_wire_are_known() -> None:
    kinds = facts_pb2.Fact.DESCRIPTOR.oneofs_by_name["kind"].fields
    assert len(kinds) == len(typing.get_args(facts.Fact))
