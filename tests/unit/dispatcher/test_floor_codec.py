from collections import deque
from collections.abc import Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any

import pytest

from seatline.facts.v1 import floor_pb2
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain.floor import Floor, GatewayBindings, LiveContact, Rules, Session
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.queues import CentreQueue
from services.dispatcher.domain.timers import Timer, TimerKind
from services.dispatcher.domain.words import (
    Activity,
    EndReason,
    Place,
    Presence,
    ReturnReason,
    StopScope,
    WithdrawalKind,
)
from services.dispatcher.handlers import FloorHandler
from services.runtime.errors import PoisonError
from services.runtime.fenced_log.core import CHUNK_BYTES
from services.runtime.set_digest import digest_of_one
from tests.support.builders import START_MS, contact, queued, signed_in
from tests.support.newer_wire import unknown_field
from tests.support.scenario import FLOOR, WRAPPING_UP

CODEC = FloorCodec()
KEY = ("c1", 2**64 - 1)
OTHER_KEY = ("c2", 1)
SEALED = b" \n" + bytes(range(256))


def live_contact() -> LiveContact:
    return LiveContact(
        contact("c1", release=KEY[1], language="hi", priority=7, sealed=SEALED),
        seat_id="S24-35",
        centre_id="C001",
        allow_until_ms=START_MS + 1,
        map_version=2,
        policy_version=3,
        order=(-7, START_MS + 2, 4),
        wait_until_ms=START_MS + 5,
        place=Place.WRAP_UP,
        attempt=6,
        misses=7,
        session_id="s1",
        generation=2**63,
        nonce=b"\xff\x00n",
        deadline_ms=START_MS + 8,
        dial_by_ms=0,
        offered_at_ms=START_MS + 9,
        confirmed_at_ms=START_MS + 10,
        waiting=True,
    )


def caller_session() -> Session:
    return Session(
        "s1",
        "C001",
        languages=("hi", "ta"),
        generation=11,
        boot_id=b"\xfeb",
        nonce=b"\xfdn",
        nonces=(b"\xfdn", b"", b"older"),
        bound_ordinal=2**63 + 33,
        activity=Activity.WRAP_UP,
        presence=Presence.GONE,
        idle_since_ms=START_MS + 12,
        contact=KEY,
        misses=13,
        deadline_ms=START_MS + 14,
        pausing=("lunch", START_MS + 15),
        draining=True,
        suspect_at_ms=START_MS + 16,
        suspect_by_gateway=True,
        gone_at_ms=START_MS + 17,
        idle=True,
    )


def full_floor() -> Floor:
    """A floor, not of this world, where every field of everything has another than its default."""
    live, session = live_contact(), caller_session()
    other = LiveContact(contact("c2"), "S24-36", "C009", 1, 1, 1, (-5, 2, 3), 4)
    centre = CentreQueue("C001", closed=True, draining=True)
    centre.add_contact(live.order, "hi", live.key)
    centre.add_session((START_MS + 18, 19), session.languages, "s1")
    centre.add_session((START_MS, 1), ("ta",), "s2")
    # Its nonce is by now another's.
    idle = Session("s2", "C001", ("ta",), nonce=session.nonce, idle_since_ms=7, idle=True)
    idle.boot_id, idle.activity = b"a", Activity.AVAILABLE
    return Floor(
        Limits(lease_ms=1),
        contacts={live.key: live, other.key: other},
        waiting=1,
        sessions={"s1": session, "s2": idle},
        centres={"C001": centre},
        home={"S24-35": "C001"},
        map_version=20,
        rules=Rules(21, 22, 23, 24),
        stops={(StopScope.ALL, ""), (StopScope.SEAT, "S24-35")},
        withdrawn={
            b"\xffp": (WithdrawalKind.ERASE, START_MS + 25),
            "c3": (WithdrawalKind.RECALL, START_MS + 26),
            b"": (WithdrawalKind.OPT_OUT, START_MS + 27),
        },
        forgettable=deque([(START_MS + 26, "c3"), (START_MS + 25, b"\xffp"), (1, "c9"), (1, b"")]),
        by_person={
            live.contact.person_key: {live.key},
            other.contact.person_key: {other.key},
        },
        by_nonce={session.nonce: "s1"},
        gateways={b"\xfeb": START_MS + 28, b"a": 0},
        bindings={
            b"\xfeb": GatewayBindings(START_MS + 34, START_MS + 35),
            b"a": GatewayBindings(1, 2, 2**63 + 3, 4, digest_of_one(session.nonce)),
        },
        awaiting={OTHER_KEY: 29, KEY: 30},
        leaving={OTHER_KEY: ReturnReason.MISSED, KEY: EndReason.WITHDRAWN},
        emptying={"s1": None},
        dirty={"C002": None, "C001": None},
        timers=[
            Timer(START_MS + 7 * number % 10, 40 - number, kind, key)
            for number, (kind, key) in enumerate(timed())
        ],
        timers_max=1_031,
        ordinal=2**63 + 32,
    )


def timed() -> list[tuple[TimerKind, Any]]:
    """Every kind of timer with a key of its kind."""
    of_contacts = (kind for kind in TimerKind if kind < TimerKind.PAUSE)
    of_sessions = (kind for kind in TimerKind if TimerKind.PAUSE <= kind < TimerKind.GATEWAY)
    return [
        *((kind, ("former", 3)) for kind in of_contacts),
        *((kind, "s1") for kind in of_sessions),
        (TimerKind.GATEWAY, b"\xfeb"),
    ]


def holding(floor: Floor) -> FloorHandler:
    core = FloorHandler(floor.limits)
    core.floor = floor
    return core


def restored(chunks: Sequence[bytes], limits: Limits | None = None) -> Floor:
    core = FloorHandler(limits or Limits(lease_ms=1))
    CODEC.restore(core, chunks)
    return core.floor


def ordered(floor: Floor) -> list[object]:
    """What an equal floor could still have in another order."""
    walked = ("contacts", "sessions", "awaiting", "leaving", "emptying", "dirty")
    return [list(getattr(floor, name)) for name in walked]


@pytest.mark.parametrize("cls", [LiveContact, Session, Rules, CentreQueue, GatewayBindings, Floor])
def test_the_full_floor_has_another_than_the_default_in_every_field(cls: type) -> None:
    """A new field is to be filled there: whether it comes back is then for the next test to say."""
    floor = full_floor()
    (filled,) = (
        each
        for each in (
            floor.contacts[KEY],
            floor.sessions["s1"],
            floor.rules,
            floor.centres["C001"],
            floor.bindings[b"a"],
            floor,
        )
        if type(each) is cls
    )
    for each in fields(cls):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        assert getattr(filled, each.name) != default, each.name


@pytest.mark.parametrize("chunk_bytes", [CHUNK_BYTES, 1_000, 600])
def test_every_field_of_the_full_floor_comes_back_in_its_order(chunk_bytes: int) -> None:
    floor = full_floor()
    chunks = list(FloorCodec(chunk_bytes).chunks(holding(floor)))
    assert restored(chunks) == floor == full_floor()
    assert ordered(restored(chunks)) == ordered(floor)
    assert restored(chunks).centres["C001"].best() == (KEY, "s1")
    assert max(map(len, chunks)) <= chunk_bytes


def test_sealed_data_comes_back_byte_for_byte() -> None:
    floor = restored(list(CODEC.chunks(holding(full_floor()))))
    assert floor.contacts[KEY].contact.sealed == SEALED


def test_an_empty_floor_is_one_chunk() -> None:
    chunks = list(CODEC.chunks(FloorHandler(Limits())))
    assert len(chunks) == 1
    assert restored(chunks, Limits()) == Floor(Limits())


def test_the_limits_are_those_of_the_new_owner() -> None:
    chunks = list(CODEC.chunks(FloorHandler(Limits())))
    assert restored(chunks, Limits(lease_ms=5)) == Floor(Limits(lease_ms=5))


def crowded(callers: int) -> FloorHandler:
    core = FloorHandler(Limits())
    crowd = (signed_in(f"s{n}") for n in range(callers))
    core.evolve([*FLOOR, *crowd, *(queued(f"c{n}", sealed=b"x" * 900) for n in range(callers))], 1)
    return core


@pytest.mark.parametrize("chunk_bytes", [CHUNK_BYTES, 20_000, 1_200])
def test_a_crowd_goes_into_as_few_chunks_as_hold_it_and_none_is_too_large(
    chunk_bytes: int,
) -> None:
    core = crowded(400)
    chunks = list(FloorCodec(chunk_bytes).chunks(core))
    assert restored(chunks, Limits()) == core.floor
    assert max(map(len, chunks)) <= chunk_bytes
    assert all(len(a) + len(b) > chunk_bytes for a, b in pairwise(chunks))


def test_a_thing_that_no_chunk_holds_is_told() -> None:
    with pytest.raises(ValueError, match="does not go into a chunk"):
        list(FloorCodec(500).chunks(crowded(1)))


def chunk(**changed: Any) -> bytes:
    """The one chunk of a floor with a call in it, and what is changed."""
    core = FloorHandler(Limits())
    core.evolve([*FLOOR, *WRAPPING_UP], START_MS)
    (value,) = CODEC.chunks(core)
    return value + floor_pb2.FloorChunk(**changed).SerializeToString()


def test_the_chunk_that_is_spoilt_below_is_good() -> None:
    assert restored([chunk()], Limits()).contacts


@pytest.mark.parametrize(
    "spoilt",
    [
        [],
        [b""],
        [b"\xff\xff"],
        [chunk()[:-1]],
        [chunk(), b"\x0a"],
        [chunk() + unknown_field()],
        [chunk(sessions=[floor_pb2.FloorSession(session_id="s2", activity=77, presence=1)])],  # type: ignore[arg-type]
        [chunk(timers=[floor_pb2.FloorTimer(kind=0)])],  # type: ignore[arg-type]
        [chunk(stops=[{"scope": 99}])],
        [chunk(withdrawn=[floor_pb2.FloorWithdrawal(contact_id="c1")])],
        [chunk(leaving=[floor_pb2.FloorLeaving(contact_id="c1", release=1)])],
        [chunk(leaving=[floor_pb2.FloorLeaving(contact_id="c7", release=1, ended=1)])],  # type: ignore[arg-type]
        [chunk(awaiting=[floor_pb2.FloorAwaiting(contact_id="c7", release=1)])],
        [chunk(contacts=[floor_pb2.FloorContact(place=1, order=[1, 2])])],  # type: ignore[arg-type]
        [chunk(emptying=["s7"])],
        [chunk(timers=[floor_pb2.FloorTimer(kind=7, session_id="s7")])],  # type: ignore[arg-type]
    ],
)
def test_what_is_no_floor_is_poison_and_leaves_the_core_as_it_was(spoilt: list[bytes]) -> None:
    core = FloorHandler(Limits())
    with pytest.raises(PoisonError):
        CODEC.restore(core, spoilt)
    assert core.floor == Floor(Limits())


def test_a_chunk_left_out_is_poison_where_another_names_what_was_in_it() -> None:
    core = FloorHandler(Limits())
    core.evolve([*FLOOR, *WRAPPING_UP], START_MS)
    chunks = list(FloorCodec(200).chunks(core))
    named = [n for n, value in enumerate(chunks) if floor_pb2.FloorChunk.FromString(value).contacts]
    for number in named:
        with pytest.raises(PoisonError):
            restored([*chunks[:number], *chunks[number + 1 :]])


def test_poison_does_not_quote_the_chunk() -> None:
    with pytest.raises(PoisonError) as caught:
        restored([b"+91 00000 12345"])
    assert "12345" not in str(caught.value)
