"""The dispatcher's loop on backlogs of rulings and commands: whole contacts, step by step.

Each step's inputs lie in the log before the loop turns, one a record; what one step decides says
what the next one asks. Only the turning is timed.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from typing_extensions import override

from bench.loops.counting import CountingObserver
from bench.loops.pace import Pace, Stopwatch, fill, until
from seatline.commands.v1 import commands_pb2
from seatline.rulings.v1 import rulings_pb2
from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.runtime.clock import SystemClock
from services.runtime.deciding import decider_reader
from services.runtime.fenced_log.core import Batch, Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import SystemIds
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import Arrived, TopicPartition

COMMANDS, RULINGS, FACTS = "bench-commands", "bench-routed", "bench-facts"
STEPS = 4
"""Records a contact: its ruling, accept, announcement, outcome."""
_MEANT = {COMMANDS: topics.COMMANDS, RULINGS: topics.RULINGS}
_BOOT = b"bench-gateway-id"
_ROUTER = b"bench-router-own"
_SEALED = b"x" * 120
_AHEAD_MS = 3_600_000


class _BenchCodec(DispatcherCodec):
    """Reads the bench's topics as what they stand for."""

    @override
    def batch(self, arrived: Arrived) -> Batch[inputs.Input]:
        meant = _MEANT.get(arrived.topic, arrived.topic)
        return super().batch(replace(arrived, topic=meant))


Filled = list[tuple[TopicPartition, bytes]]


class Trial:
    """One dispatcher, and the callers and contacts that it is given."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self.observer = CountingObserver(keep=facts.Offered)
        self.watch = Stopwatch()
        self._partitions = partitions
        read = Inputs(COMMANDS, orders=(topics.MAP, topics.SUPPRESSIONS), spread=RULINGS)
        self._reader = decider_reader(bootstrap, "bench-dispatcher", FACTS, read)
        self._writer = KafkaLogWriter(bootstrap, "bench-dispatcher")
        world = World(self._reader, self._writer, SystemClock(), SystemIds(), self.observer)
        self._decider = Decider(
            Place(FACTS, partitions, "dispatcher-0", 0, 1),
            read,
            lambda _: FloorHandler(Limits()),
            _BenchCodec(partitions),
            FloorCodec(),
            world,
        )
        self._seats: list[tuple[str, str, int]] = []
        """Seat, centre and partition, of the map in force."""

    def open(self, sessions: int) -> None:
        """Own everything under the map in force, and sign so many callers in, seat by seat."""
        fences = [((RULINGS, n), _ruling_record(n, 0)) for n in range(self._partitions)]
        fill(self._writer, fences)
        until(
            lambda: not self._decider.waiting_for and self._has(facts.MapApplied, self._partitions),
            self._decider.turn,
            "dispatcher ready",
        )
        self._seats = _seats(self._decider)
        commands = [
            commands_pb2.SignIn(
                session_id=f"s{number}",
                centre_id=self._seat(number)[1],
                languages=["hi"],
                nonce=number.to_bytes(8, "big"),
            )
            for number in range(sessions)
        ]
        self._command("sign_in", ((self._seat(n)[2], c) for n, c in enumerate(commands)))
        self._work_off(facts.SignedIn, sessions)
        self.watch = Stopwatch()

    def take_through(self, contacts: int) -> Pace:
        """Take so many contacts from ruling to outcome; return the pace in records."""
        rulings: Filled = []
        for number in range(contacts):
            home = number % self._partitions
            seq = 1 + number // self._partitions
            rulings.append(((RULINGS, home), _ruling_record(number, seq, self._seat(number))))
        self._say_alive()
        fill(self._writer, rulings)
        self._work_off(facts.Offered, contacts)
        for kind, build, fact in _STEPS:
            asked = ((self._partition(offer), build(offer)) for offer in self.observer.kept)
            self._say_alive()
            self._command(kind, asked)
            self._work_off(fact, contacts)
        self._reader.close()
        return self.watch.pace(STEPS * contacts)

    def _work_off(self, fact: type, count: int) -> None:
        with self.watch:
            until(lambda: self._has(fact, count), self._decider.turn, fact.__name__)

    def _has(self, fact: type, count: int) -> bool:
        return self.observer.counts[fact] >= count

    def _say_alive(self) -> None:
        alive = commands_pb2.GatewayAlive(facts_offset=1)
        self._command("gateway_alive", ((n, alive) for n in range(self._partitions)))

    def _command(self, kind: str, asked: Iterable[tuple[int, object]]) -> None:
        records: Filled = []
        for partition, command in asked:
            record = commands_pb2.CommandRecord(boot_id=_BOOT)
            getattr(record.commands.add(), kind).CopyFrom(command)
            records.append(((COMMANDS, partition), record.SerializeToString()))
        fill(self._writer, records)

    def _seat(self, number: int) -> tuple[str, str, int]:
        return self._seats[number % len(self._seats)]

    def _partition(self, offer: facts.Offered) -> int:
        return self._seat(int(offer.session_id[1:]))[2]


def dispatch_backlog(bootstrap: str, partitions: int, contacts: int) -> Pace:
    """Take contacts through their lives with a real broker around; the pace is in records.

    Args:
        bootstrap: Addresses of the broker.
        partitions: Of `COMMANDS`, `RULINGS` and `FACTS`, which are there and empty.
        contacts: How many, each with a caller of its own.
    """
    trial = Trial(bootstrap, partitions)
    trial.open(sessions=contacts)
    return trial.take_through(contacts)


def _accept(offer: facts.Offered) -> commands_pb2.AcceptOffer:
    return commands_pb2.AcceptOffer(
        session_id=offer.session_id, generation=offer.generation, attempt=_attempt(offer)
    )


def _unsealing(offer: facts.Offered) -> commands_pb2.Unsealing:
    return commands_pb2.Unsealing(
        session_id=offer.session_id, generation=offer.generation, attempt=_attempt(offer)
    )


def _outcome(offer: facts.Offered) -> commands_pb2.GiveOutcome:
    return commands_pb2.GiveOutcome(
        session_id=offer.session_id,
        attempt=_attempt(offer),
        disposition=commands_pb2.DISPOSITION_REACHED,
        nonce=offer.nonce,
    )


def _attempt(offer: facts.Offered) -> commands_pb2.Attempt:
    about = offer.attempt
    return commands_pb2.Attempt(
        contact_id=about.contact_id, release=about.release, attempt=about.attempt
    )


_STEPS: Sequence[tuple[str, Callable[[facts.Offered], object], type]] = (
    ("accept_offer", _accept, facts.Confirmed),
    ("unsealing", _unsealing, facts.DialStarted),
    ("give_outcome", _outcome, facts.Ended),
)


def _ruling_record(number: int, seq: int, seat: tuple[str, str, int] | None = None) -> bytes:
    """Return the fence of a rulings partition, or the record that routes one contact."""
    now_ms = time.time_ns() // 1_000_000
    control = Fence("router-0") if seat is None else None
    header = Header(FencePoint(1, _ROUTER, seq), now_ms, control=control)
    record = rulings_pb2.RulingRecord(header=to_proto(header))
    if seat is not None:
        seat_id, centre_id, partition = seat
        ruling = record.rulings.add(seat_id=seat_id, map_version=1, policy_version=1)
        ruling.contact.contact_id = f"bench-{number}"
        ruling.contact.release = 1
        ruling.contact.person_key = number.to_bytes(16, "big")
        ruling.contact.priority = 5
        ruling.contact.sealed = _SEALED
        ruling.routed.centre_id = centre_id
        ruling.routed.partition = partition
        ruling.routed.allow_until.FromMilliseconds(now_ms + _AHEAD_MS)
    return record.SerializeToString()


def _seats(decider: Decider[inputs.Input, facts.Fact]) -> list[tuple[str, str, int]]:
    """Return every seat with its centre and partition, as the floors know them."""
    found = [
        (seat_id, centre_id, partition.number)
        for partition in decider.partitions
        if isinstance(partition.core, FloorHandler)
        for seat_id, centre_id in partition.core.floor.home.items()
    ]
    return sorted(found)
