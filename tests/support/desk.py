"""A desk at the real door of a stack: says wishes, and keeps what it hears of each session."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import grpc

from seatline.gateway.v1 import gateway_service_pb2 as wire
from seatline.gateway.v1 import gateway_service_pb2_grpc as rpc
from tests.support.eventually import eventually
from tests.support.stack import Stack

HEARD_WITHIN_S = 20.0


class Desk:
    """One stream; `heard` grows while it is open."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.heard: list[Any] = []
        self._wishes: queue.SimpleQueue[wire.ClientFrame | None] = queue.SimpleQueue()
        frames: Iterator[wire.ClientFrame] = iter(self._wishes.get, None)  # type: ignore[arg-type]
        metadata = (("authorization", f"Bearer {token}"),)
        self._call = rpc.GatewayServiceStub(channel).Connect(frames, metadata=metadata)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        self._wishes.put(None)
        self._call.cancel()
        self._reader.join(HEARD_WITHIN_S)

    def _read(self) -> None:
        with suppress(grpc.RpcError):  # it ends so when it is closed
            for frame in self._call:
                self.heard.extend(frame.events)

    def say(self, session_id: str, **wish: Any) -> None:
        event = wire.ClientEvent(session_id=session_id, **wish)
        self._wishes.put(wire.ClientFrame(events=[event]))

    def hear(self, session_id: str, kind: str, number: int = 1) -> Any:
        """Wait for news of a kind about a session, so many in all, and give the last of them."""

        def news() -> list[Any]:
            told = [each for each in self.heard if each.session_id == session_id]
            found = [getattr(each, kind) for each in told if each.WhichOneof("kind") == kind]
            return found if len(found) >= number else []

        found = eventually(news, HEARD_WITHIN_S, f"{session_id} hears {kind}")
        return found[number - 1]

    def sit(self, session_id: str, centre_id: str) -> None:
        self.say(session_id, sign_in=wire.SignInWish(centre_id=centre_id, languages=["hi"]))
        self.hear(session_id, "signed_in")

    def accept(self, session_id: str, attempt: Any) -> None:
        self.say(session_id, accept=wire.AcceptWish(attempt=attempt))
        self.hear(session_id, "number")


@contextmanager
def desk_at(stack: Stack) -> Iterator[Desk]:
    endpoints = stack.endpoints
    with grpc.insecure_channel(endpoints["gateways"][0]) as channel:
        desk = Desk(channel, endpoints["login_token"])
        try:
            yield desk
        finally:
            desk.close()
