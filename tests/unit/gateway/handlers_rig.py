"""The handlers on fakes of their ports."""

from dataclasses import dataclass, field, replace

from services.gateway.domain.bindings import Binding, Bindings
from services.gateway.domain.progress import Progress
from services.gateway.domain.prohibitions import Prohibitions
from services.gateway.domain.values import Attempt, Confirmed, Nonce, SessionId, SignIn, StreamId
from services.gateway.handlers import Refusal, Sessions, Unsealer
from services.runtime.log_port import Arrived
from tests.fakes.gateway import (
    CountingIds,
    InMemoryCommands,
    InMemoryDesks,
    InMemoryPersons,
    InMemoryTally,
)
from tests.fakes.log import FakeClock

SESSION = SessionId("S-1")
BOOT = b"b" * 16
FACTS, ORDERS = ("facts", 0), ("orders", 0)
ATTEMPT = Attempt("K-1", 1, 1)


@dataclass
class Door:
    """Handlers on fakes; stream 1 is the desk that most tests speak of."""

    clock: FakeClock = field(default_factory=FakeClock)
    commands: InMemoryCommands = field(default_factory=InMemoryCommands)
    desks: InMemoryDesks = field(default_factory=InMemoryDesks)
    persons: InMemoryPersons = field(default_factory=InMemoryPersons)
    tally: InMemoryTally = field(default_factory=InMemoryTally)
    prohibitions: Prohibitions = field(default_factory=Prohibitions)
    ids: CountingIds = field(default_factory=CountingIds)
    boot_id: bytes = BOOT

    def __post_init__(self) -> None:
        self.progress = Progress([FACTS], [ORDERS])
        self.unsealer = Unsealer(
            self.progress,
            self.prohibitions,
            self.commands,
            self.desks,
            self.persons,
            self.tally,
            self.clock,
        )
        self.sessions = Sessions(
            Bindings(),
            {"C001": 0, "C002": 1},
            self.boot_id,
            self.commands,
            self.desks,
            self.unsealer,
            self.ids,
            sessions_max=3,
        )

    def wish(self, stream: int = 1, **changes: object) -> Refusal | None:
        wish = SignIn(SESSION, "C001", ("hi",), b"")
        return self.sessions.sign_in(StreamId(stream), replace(wish, **changes))  # type: ignore[arg-type]

    def nonce(self) -> Nonce:
        name, said = next(each for each in reversed(self.commands.said) if each[0] == "sign_in")
        assert name == "sign_in"
        assert isinstance(said, tuple)
        return Nonce(said[1])

    def fact(
        self,
        nonce: bytes,
        generation: int,
        boot_id: bytes = BOOT,
        partition: int = 0,
        at_ms: int = 0,
    ) -> Binding | None:
        return self.sessions.signed_in(
            SESSION, nonce, generation, boot_id=boot_id, partition=partition, at_ms=at_ms
        )

    def bound(self, stream: int = 1, generation: int = 1) -> Binding:
        self.wish(stream)
        self.commands.settle(1)
        binding = self.fact(self.nonce(), generation)
        assert binding is not None
        return binding

    def at_end(self) -> None:
        now = self.clock.monotonic_ms()
        self.progress.reached([(FACTS, now), (ORDERS, now)])
        wall_ms = self.clock.wall_ms()
        self.progress.read(Arrived(*FACTS, 0, wall_ms, b""), wall_ms, now, new_reign=False)

    def confirm(self, binding: Binding, attempt: Attempt = ATTEMPT) -> Confirmed:
        confirmed = Confirmed(
            partition=0,
            attempt=attempt,
            session_id=binding.session_id,
            generation=binding.generation,
            nonce=binding.nonce,
            dial_by_ms=self.clock.wall_ms() + 15_000,
            sealed=b"sealed",
            person_key=b"p" * 16,
            seat_id="S24-35",
            centre_id="C001",
            campaign="spring",
        )
        self.unsealer.confirmed(binding, confirmed)
        return confirmed

    def said(self, name: str) -> list[object]:
        return [what for kind, what in self.commands.said if kind == name]
