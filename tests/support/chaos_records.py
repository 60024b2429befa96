"""Records as chaos hears them, and faults that have happened, for tests of its judgement."""

from typing import Any

from typing_extensions import override

from seatline.facts.v1 import facts_pb2, session_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.chaos.catalogue import KINDS
from tests.chaos.course import Event
from tests.chaos.kinds import Kind
from tests.chaos.plan import Planned
from tests.chaos.signs import FACTS, RULINGS, Heard, Reign, Sign

FIRST = Reign("dispatcher-0", 1, b"a")
SECOND = Reign("dispatcher-1", 2, b"b")


def fact(**kind: Any) -> facts_pb2.Fact:
    return facts_pb2.Fact(**kind)


def signed_in(session_id: str, boot_id: bytes) -> facts_pb2.Fact:
    return fact(signed_in=session_pb2.SignedIn(session_id=session_id, boot_id=boot_id))


def facts(partition: int, at_ms: int, reign: Reign, *entries: facts_pb2.Fact) -> Heard:
    kinds = frozenset(str(entry.WhichOneof("kind")) for entry in entries)
    return Heard((FACTS, partition), at_ms, reign, kinds, entries)


def queued(partition: int, at_ms: int, reign: Reign) -> Heard:
    return facts(partition, at_ms, reign, fact(queued=facts_pb2.Queued()))


def heartbeat(partition: int, at_ms: int, reign: Reign) -> Heard:
    return facts(partition, at_ms, reign)


def ruling(contact_id: str, at_ms: int) -> Heard:
    entry = rulings_pb2.Ruling(routed=rulings_pb2.Routed())
    entry.contact.contact_id = contact_id
    return Heard((RULINGS, 0), at_ms, Reign("router-0", 1, b"r"), frozenset({"routed"}), (entry,))


class NoHarm:
    """Done to nobody."""

    def strike(self) -> None:
        """Nothing."""

    def heal(self) -> None:
        """Nothing."""


def kind_named(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def event(name: str, sign: Sign, victim: str = "dispatcher-0") -> Event:
    planned = Planned(10.0, kind_named(name), victim, 0.0)
    return Event(planned, planned.sentence, victim, 10.0, NoHarm(), sign)


class Came(Sign):
    """A sign that has come after so many seconds, or never did."""

    def __init__(self, seconds: float | None, *, never: bool = False) -> None:
        super().__init__(0)
        if not never:
            self._come(seconds, f"decided again after {seconds} s")

    @property
    @override
    def missing(self) -> str:
        return "partition 1 of seatline.facts.v1 does not decide again"
