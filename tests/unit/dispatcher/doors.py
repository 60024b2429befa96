"""Gateways as the facts make them: which streams each has, and what it says of them (rule 4.7)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.dispatcher.domain import facts, inputs
from services.dispatcher.domain.facts import Fact
from services.runtime.set_digest import digest_of_one


@dataclass
class Door:
    """One gateway: it reads facts late, and may lose streams without a word."""

    boot_id: bytes
    held: set[bytes] = field(default_factory=set)
    """Nonces that it has read to be bound, and not lost."""
    lost: set[bytes] = field(default_factory=set)
    asked: int | None = None
    at_ms: int = 0
    _read: int = 0
    _bound: dict[str, bytes] = field(default_factory=dict)

    def read(self, log: Sequence[tuple[int, Fact]], behind: int = 0) -> None:
        """Read the log, all but some facts at its end."""
        until = max(self._read, len(log) - behind)
        for at_ms, fact in log[self._read : until]:
            self.at_ms = at_ms
            self._hear(fact)
        self._read = until

    def lose(self, nonce: bytes) -> None:
        """End a stream; whether anybody is told is another matter."""
        self.lost.add(nonce)
        self.held.discard(nonce)

    def alive(self) -> inputs.GatewayAlive:
        digest = sum(map(digest_of_one, self.held)) % 2**64
        return inputs.GatewayAlive(0, self.at_ms, digest)

    def answers(self, parts: int = 1) -> list[inputs.PresenceList]:
        """Answer the question that was read, if any, in so many ranges."""
        if self.asked is None:
            return []
        number, self.asked = self.asked, None
        nonces = sorted(self.held)
        cuts = [b"", *nonces[1::2][: parts - 1], b""]
        return [
            inputs.PresenceList(
                number,
                first,
                behind,
                tuple(n for n in nonces if first <= n and (n < behind or not behind)),
            )
            for first, behind in itertools.pairwise(cuts)
        ]

    def _hear(self, fact: Fact) -> None:
        match fact:
            case facts.SignedIn():
                self.held.discard(self._bound.pop(fact.session_id, b""))
                if fact.boot_id == self.boot_id and fact.nonce not in self.lost:
                    self.held.add(fact.nonce)
                    self._bound[fact.session_id] = fact.nonce
            case facts.SignedOut() | facts.SessionGone():
                self.held.discard(fact.nonce)
            case facts.StreamEnded():
                self.held.difference_update(fact.nonces)
            case facts.PresenceListAsked() if fact.boot_id == self.boot_id:
                self.asked = fact.number
            case _:
                pass
