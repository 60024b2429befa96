"""What a commands partition says, as far as facts can be held against it."""

from bisect import bisect_left
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from seatline.commands.v1 import commands_pb2
from tests.checker.fenced import Position
from tests.checker.history import History, Log


class Attempt(NamedTuple):
    """One try at a release, from 1."""

    contact_id: str
    release: int
    number: int


def attempt_of(message: Any) -> Attempt:
    """Return the attempt that a message names."""
    return Attempt(message.contact_id, message.release, message.attempt)


Said = tuple[Attempt, str]
"""An attempt, and the session that speaks of it."""


class Heard:
    """When each command about an attempt was appended first, and how old the undecided are."""

    def __init__(self, history: History, log: Log) -> None:
        self.accepted: dict[Said, int] = {}
        self.unsealing: dict[Said, int] = {}
        self.not_unsealed: dict[Said, int] = {}
        self.ordered: set[tuple[str, str, str]] = set()
        """What operators ordered: which command, about which contact or session, by whom."""
        self.digests: dict[bytes, set[int]] = {}
        """All that each gateway has told of its streams."""
        self.undated: set[Said] = set()
        """What was announced first behind a step back of the broker's clock: its time says
        nothing."""
        self.is_whole = True
        """False when the oldest commands are gone: then nothing follows from what is missing."""
        self._offsets: list[int] = []
        self._appended: list[int] = []
        self._newest_ms = 0
        for record in history.records(log):
            self.is_whole = self.is_whole and (record.offset == 0 or bool(self._offsets))
            self._offsets.append(record.offset)
            self._appended.append(record.appended_at_ms)
            self._newest_ms = max(self._newest_ms, record.appended_at_ms)
            self._hear(record.value, record.appended_at_ms)

    def undecided_since(self, position: Position) -> int | None:
        """Return when the oldest command at or behind a position was appended."""
        number = bisect_left(self._offsets, position[0])
        return self._appended[number] if number < len(self._appended) else None

    def _hear(self, value: bytes, appended_at_ms: int) -> None:
        try:
            record = commands_pb2.CommandRecord.FromString(value)
        except DecodeError:
            return
        for command in record.commands:
            kind = command.WhichOneof("kind")
            if kind in _BY_HAND:
                order = getattr(command, kind)
                self.ordered.add((kind, getattr(order, _BY_HAND[kind]), order.by))
            if kind == "gateway_alive" and command.gateway_alive.HasField("digest"):
                told = self.digests.setdefault(record.boot_id, set())
                told.add(command.gateway_alive.digest)
            kept = _KEPT.get(kind or "")
            if kind is not None and kept is not None:
                said = getattr(command, kind)
                key = (attempt_of(said.attempt), said.session_id)
                # Before its accept an announcement is none: no gateway has read a CONFIRM then.
                if kind != "unsealing" or key in self.accepted or not self.is_whole:
                    first = key not in getattr(self, kept)
                    if first and kind == "unsealing" and appended_at_ms < self._newest_ms:
                        self.undated.add(key)
                    getattr(self, kept).setdefault(key, appended_at_ms)


_BY_HAND = {"end_session": "session_id", "release_contact": "contact_id"}
_KEPT = {"accept_offer": "accepted", "unsealing": "unsealing", "not_unsealed": "not_unsealed"}
