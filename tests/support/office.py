"""Sit at a real door: a desk that says what a test wants and keeps all that it hears."""

import contextlib
import queue
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from confluent_kafka import Producer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as wire_grpc
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from tests.support.eventually import eventually
from tests.support.load import CONTACTS, now_ms
from tests.support.stack import Stack

COMMANDS = "seatline.commands.v1"
VALID_MS = 20 * 60 * 1_000
WITHIN_S = 60.0


class Desk:
    """One stream to one gateway."""

    def __init__(self, stack: Stack, gateway: int) -> None:
        """Connect to the gateway of this number once it takes streams."""
        token = stack.layout.login_token.read_text().strip()
        self.news: list[wire.ServerEvent] = []
        self._wishes: queue.SimpleQueue[wire.ClientFrame | None] = queue.SimpleQueue()
        self._channel = grpc.insecure_channel(stack.endpoints["gateways"][gateway])
        # One that has just started sends streams away until it has read the logs.
        eventually(self._is_served, WITHIN_S, "the door is open")
        self._call: Any = wire_grpc.GatewayServiceStub(self._channel).Connect(
            iter(self._wishes.get, None), metadata=(("authorization", f"Bearer {token}"),)
        )
        self._reads = threading.Thread(target=self._read, daemon=True)
        self._reads.start()

    def _is_served(self) -> bool:
        health = health_pb2_grpc.HealthStub(self._channel)
        try:
            answer = health.Check(health_pb2.HealthCheckRequest(), timeout=WITHIN_S)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def _read(self) -> None:
        with contextlib.suppress(grpc.RpcError):
            for frame in self._call:
                self.news.extend(frame.events)

    def leave(self) -> None:
        """Break the stream off without a word."""
        self._wishes.put(None)
        self._call.cancel()
        self._channel.close()
        self._reads.join(WITHIN_S)

    def say(self, session_id: str, **wish: Any) -> None:
        self._wishes.put(wire.ClientFrame(events=[wire.ClientEvent(session_id=session_id, **wish)]))

    def sign_in(self, session_id: str, centre_id: str, token: bytes = b"") -> wire.SignedInNotice:
        """Sign a session in and wait until it is bound."""
        wish = wire.SignInWish(centre_id=centre_id, languages=["hi"], resume_token=token)
        self.say(session_id, sign_in=wish)
        notice: wire.SignedInNotice = self.hears(session_id, "signed_in")
        return notice

    def hears(self, session_id: str, kind: Any) -> Any:
        """Wait for the next news of a kind to a session, and take it."""

        def heard() -> wire.ServerEvent | None:
            mine = (n for n in self.news if n.session_id == session_id and n.HasField(kind))
            return next(mine, None)

        event = eventually(heard, WITHIN_S, f"{session_id} hears {kind}")
        self.news.remove(event)
        return getattr(event, kind)

    def is_called(self, session_id: str) -> commands_pb2.Attempt:
        """Take an offer and wait for the number."""
        attempt = self.hears(session_id, "offer").attempt
        self.say(session_id, accept=wire.AcceptWish(attempt=attempt))
        shown: commands_pb2.Attempt = self.hears(session_id, "number").attempt
        assert shown == attempt
        return shown

    def gives_outcome(self, session_id: str, attempt: commands_pb2.Attempt) -> None:
        """Give an outcome and wait until it is saved."""
        wish = wire.OutcomeWish(attempt=attempt, disposition=commands_pb2.DISPOSITION_REACHED)
        self.say(session_id, outcome=wish)
        assert self.hears(session_id, "saved").attempt == attempt


@contextlib.contextmanager
def desk_at(stack: Stack, gateway: int) -> Iterator[Desk]:
    desk = Desk(stack, gateway)
    try:
        yield desk
    finally:
        desk.leave()


def send_contact(stack: Stack, contact_id: str, seat_id: str) -> None:
    """Append a contact of a seat and wait for its acknowledgement."""
    sealer = Sealer.from_file(Path(stack.endpoints["key_file"]))
    phone = f"+91100{zlib.crc32(contact_id.encode()) % 10**7:07}"
    plain = contacts_pb2.SealedPerson(phone=phone, name="Asha Example").SerializeToString()
    contact = contacts_pb2.Contact(
        contact_id=contact_id,
        release=1,
        seat_id=seat_id,
        person_key=sealer.person_key(phone),
        priority=5,
        campaign="rehearsal",
        sealed=sealer.seal(plain, contact_id.encode()),
    )
    contact.valid_until.FromMilliseconds(now_ms() + VALID_MS)
    partition = partition_of(contact_id.encode(), stack.endpoints["partitions"])
    record = contacts_pb2.ContactRecord(contacts=[contact])
    append(stack, CONTACTS, partition, record.SerializeToString())


def append(stack: Stack, topic: str, partition: int, value: bytes) -> None:
    """Append a record and wait for its acknowledgement."""
    producer = Producer({"bootstrap.servers": stack.endpoints["kafka"], "linger.ms": 0})
    refused: list[object] = []
    producer.produce(
        topic, value, partition=partition, on_delivery=lambda error, _: refused.append(error)
    )
    assert producer.flush(30) == 0
    assert refused == [None]
