"""The gateway's ports in memory: they note what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.gateway.domain.bindings import Binding
from services.gateway.domain.outbox import Settled
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Attempt, Confirmed, Nonce, Person, SignIn
from services.runtime.log_port import SendError, Sent

CALLER = Person("+15555550123", "Generated Name")


@dataclass
class InMemoryCommands:
    """Keeps commands by name; `settle` says what became of the oldest that somebody waits for."""

    said: list[tuple[str, object]] = field(default_factory=list)
    waiting: list[Settled] = field(default_factory=list)
    full: bool = False

    def has_room(self, partition: int) -> bool:
        return not self.full

    def sign_in(self, binding: Binding, wish: SignIn, settled: Settled) -> None:
        self.said.append(
            ("sign_in", (binding.session_id, binding.nonce, wish.resume_token, *wish.kept))
        )
        self.waiting.append(settled)

    def alive(self, partition: int, facts_offset: int, facts_at_ms: int, digest: int) -> None:
        self.said.append(("alive", (partition, facts_offset, facts_at_ms, digest)))

    def presence_list(self, partition: int, number: int, nonces: Sequence[Nonce]) -> None:
        self.said.append(("presence_list", (partition, number, tuple(nonces))))

    def stream_lost(self, partition: int, nonces: Sequence[Nonce]) -> None:
        self.said.append(("stream_lost", (partition, tuple(nonces))))

    def unsealing(self, confirmed: Confirmed, settled: Settled) -> None:
        self.said.append(("unsealing", confirmed.attempt))
        self.waiting.append(settled)

    def not_unsealed(self, confirmed: Confirmed, reason: WhyNot) -> None:
        self.said.append(("not_unsealed", (confirmed.attempt, reason)))

    def settle(self, appended_at_ms: int | None) -> None:
        self.waiting.pop(0)(Sent("commands", 0, 0, appended_at_ms))

    def fail(self) -> None:
        self.waiting.pop(0)(SendError("commands", 0, "the broker is away"))


@dataclass
class InMemoryDesks:
    """Keeps what the desks were told."""

    told: list[tuple[str, object]] = field(default_factory=list)

    def gone(self, binding: Binding) -> None:
        self.told.append(("gone", binding.nonce))

    def refused(self, binding: Binding, wish: str, reason: str) -> None:
        self.told.append(("refused", (binding.session_id, wish, reason)))

    def number(self, binding: Binding, confirmed: Confirmed, person: Person) -> None:
        self.told.append(("number", (binding.nonce, confirmed.attempt, person)))


@dataclass
class InMemoryPersons:
    """Opens everything, unless told that a text is unreadable."""

    unreadable: set[Attempt] = field(default_factory=set)

    def open(self, confirmed: Confirmed) -> Person | None:
        return None if confirmed.attempt in self.unreadable else CALLER


@dataclass
class InMemoryTally:
    """Keeps the counts."""

    shown: int = 0
    reasons: list[str] = field(default_factory=list)

    def number_shown(self) -> None:
        self.shown += 1

    def not_shown(self, reason: str) -> None:
        self.reasons.append(reason)


@dataclass
class CountingIds:
    """Draws 1, 2, 3 as bytes."""

    drawn: int = 0

    def draw(self, length: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(length, "big")
