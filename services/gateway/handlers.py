"""What happens when a desk wishes, a fact is read, or time passes: load, decide, apply."""

from dataclasses import dataclass, field
from functools import partial

from services.gateway.domain.bindings import Binding, Bindings
from services.gateway.domain.progress import Progress
from services.gateway.domain.prohibitions import Prohibitions
from services.gateway.domain.unsealing import (
    Announced,
    Do,
    Drop,
    Event,
    Prohibited,
    ReachedEnd,
    ReportNotUnsealed,
    Step,
    TimePassed,
    Voided,
    WhyNot,
    decide,
)
from services.gateway.domain.values import (
    NONCE_BYTES,
    Confirmed,
    Nonce,
    SessionId,
    SignIn,
    StreamId,
)
from services.gateway.ports import Commands, Desks, Persons, Tally
from services.runtime.clock import Clock
from services.runtime.ids import Ids
from services.runtime.log_port import SendError, Sent


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish changes nothing."""

    reason: str
    field: str = ""


@dataclass(slots=True)
class _Case:
    binding: Binding
    confirmed: Confirmed
    step: Step = Step.WAITING


@dataclass
class Unsealer:
    """Leads each CONFIRM to a number shown, a report, or nothing (rule 5.1)."""

    progress: Progress
    prohibitions: Prohibitions
    commands: Commands
    desks: Desks
    persons: Persons
    tally: Tally
    clock: Clock
    _cases: dict[Nonce, _Case] = field(default_factory=dict, init=False)

    def confirmed(self, binding: Binding, confirmed: Confirmed) -> None:
        """Begin with a CONFIRM for a binding held by a stream here; a repeated one is nothing."""
        if (
            confirmed.attempt == binding.confirmed
            or confirmed.generation != binding.generation
            or confirmed.session_id != binding.session_id
        ):
            return
        self.void(binding, Voided.ATTEMPT_OVER)
        binding.confirmed = confirmed.attempt
        case = self._cases[binding.nonce] = _Case(binding, confirmed)
        forbidden = self.prohibitions.why_not(confirmed)
        if forbidden is not None:
            self._apply(case, Prohibited(forbidden))

    def void(self, binding: Binding, why: Voided) -> None:
        """Give up what is under way for a binding."""
        case = self._cases.get(binding.nonce)
        if case is not None:
            self._apply(case, why)

    def prohibited(self) -> None:
        """Look again at withdrawals and stops, because some were read."""
        for case in list(self._cases.values()):
            forbidden = self.prohibitions.why_not(case.confirmed)
            if forbidden is not None:
                self._apply(case, Prohibited(forbidden))

    def advance(self) -> None:
        """Announce what may be announced by now, and give up what is too late."""
        mono_ms = self.clock.monotonic_ms()
        for case in list(self._cases.values()):
            partition = case.confirmed.partition
            now_ms = self.progress.broker_ms(partition, mono_ms)
            at_end = self.progress.may_announce(partition, mono_ms)
            self._apply(case, ReachedEnd(now_ms) if at_end else TimePassed(now_ms))

    def _apply(self, case: _Case, event: Event) -> None:
        case.step, action = decide(case.step, case.confirmed.dial_by_ms, event)
        if case.step is Step.OVER and self._cases.get(case.binding.nonce) is case:
            del self._cases[case.binding.nonce]
        match action:
            case Do.ANNOUNCE:
                settled = partial(self._announced, case, self.clock.monotonic_ms())
                self.commands.unsealing(case.confirmed, settled)
            case Do.SHOW:
                self._show(case)
            case ReportNotUnsealed():
                self.tally.not_shown(action.reason.value)
                self.commands.not_unsealed(case.confirmed, action.reason)
            case Drop():
                self.tally.not_shown(action.why)
            case Do.NOTHING:
                pass

    def _announced(self, case: _Case, sent_mono_ms: int, outcome: Sent | SendError) -> None:
        appended_at_ms = outcome.appended_at_ms if isinstance(outcome, Sent) else None
        mono_ms = self.clock.monotonic_ms()
        # The append lies after the send, so the broker's clock shows at most this by now. One that
        # was stepped back shows less than has gone by: the facts' time never falls.
        now_ms = max(
            (appended_at_ms or 0) + mono_ms - sent_mono_ms,
            self.progress.broker_ms(case.confirmed.partition, mono_ms),
        )
        self._apply(case, Announced(appended_at_ms, now_ms))
        if self.progress.may_announce(case.confirmed.partition, mono_ms):
            self._apply(case, ReachedEnd(now_ms))

    def _show(self, case: _Case) -> None:
        person = self.persons.open(case.confirmed)
        if person is None:
            self.tally.not_shown(WhyNot.UNREADABLE.value)
            self.commands.not_unsealed(case.confirmed, WhyNot.UNREADABLE)
            return
        self.tally.number_shown()
        self.desks.number(case.binding, case.confirmed, person)


@dataclass
class Sessions:
    """Binds sessions to streams as the log says (rule 4.6)."""

    bindings: Bindings
    centres: dict[str, int]
    """Partition of each centre, from the map in use."""
    boot_id: bytes
    commands: Commands
    desks: Desks
    unsealer: Unsealer
    ids: Ids
    sessions_max: int
    """Bindings that one stream may hold."""
    told: bool = False
    """Whether the dispatcher was told what is bound here, so that it may ask."""

    def sign_in(self, stream_id: StreamId, wish: SignIn) -> Refusal | None:
        """Ask for a binding, unless the same is under way or in force on this stream."""
        held = self.bindings.on_stream(stream_id, wish.session_id)
        if held and (held.centre_id, held.languages) == (wish.centre_id, wish.languages):
            return None
        partition = self.centres.get(wish.centre_id)
        if partition is None:
            return Refusal("unknown_centre", "sign_in.centre_id")
        if self.bindings.count_on(stream_id) >= self.sessions_max:
            return Refusal("too_many_sessions")
        if not self.commands.has_room(partition):
            return Refusal("busy")
        binding = Binding(
            session_id=wish.session_id,
            nonce=Nonce(self.ids.draw(NONCE_BYTES)),
            stream_id=stream_id,
            partition=partition,
            centre_id=wish.centre_id,
            languages=wish.languages,
        )
        self.bindings.open(binding)
        self.commands.sign_in(binding, wish, partial(self._asked, binding))
        return None

    def bound(self, stream_id: StreamId, session_id: SessionId) -> Binding | Refusal:
        """Return the binding in force of a session on a stream, if wishes are taken for it."""
        binding = self.bindings.on_stream(stream_id, session_id)
        if binding is None or not binding.is_bound:
            return Refusal("not_signed_in", "session_id")
        if not self.commands.has_room(binding.partition):
            return Refusal("busy")
        return binding

    def signed_in(
        self,
        session_id: str,
        nonce: bytes,
        generation: int,
        *,
        boot_id: bytes,
        partition: int,
        at_ms: int,
    ) -> Binding | None:
        """End what a sign-in overtakes; return its binding if a stream here holds it."""
        overtaken = self.bindings.signed_in(
            SessionId(session_id), Nonce(nonce), generation, partition, at_ms
        )
        binding = self.bindings.of_nonce(nonce) if boot_id == self.boot_id else None
        for other in overtaken:
            self.unsealer.void(other, Voided.HIGHER_GENERATION)
            if other.partition != partition or other.nonce == nonce:
                # The partition that it leaves hears of it from nobody else.
                self.commands.stream_lost(other.partition, [other.nonce])
            stands = self.bindings.of_session(other.session_id)
            if stands is None or not stands.is_bound or stands.stream_id != other.stream_id:
                self.desks.gone(other)
        return binding

    def over(self, binding: Binding) -> None:
        """Forget a binding that the log has ended or refused."""
        self.bindings.close(binding)
        self.unsealer.void(binding, Voided.ATTEMPT_OVER)

    def alive(self, partition: int, facts_offset: int, facts_at_ms: int) -> None:
        """Give a sign of life, with a digest of what is bound here."""
        self.told = True
        digest = self.bindings.digest(partition)
        self.commands.alive(partition, facts_offset, facts_at_ms, digest)

    def presence_asked(self, partition: int, number: int) -> None:
        """Say what is bound here: the dispatcher has something else (rule 4.7)."""
        self.commands.presence_list(partition, number, self.bindings.in_force(partition))

    def given_up(self, binding: Binding) -> None:
        """End a binding of which the log says that its stream has ended: the desk signs in anew."""
        self.over(binding)
        self.desks.gone(binding)

    def stream_closed(self, stream_id: StreamId) -> None:
        """Report what a stream held: its sessions become suspect."""
        lost: dict[int, list[Nonce]] = {}
        for binding in self.bindings.close_stream(stream_id):
            self.unsealer.void(binding, Voided.STREAM_LOST)
            lost.setdefault(binding.partition, []).append(binding.nonce)
        for partition, nonces in lost.items():
            self.commands.stream_lost(partition, nonces)

    def _asked(self, binding: Binding, outcome: Sent | SendError) -> None:
        # Whether a failed wish is in the log is unknown. Its nonce is given up, and reported lost
        # in case it is there, so that the desk's next wish starts afresh.
        if isinstance(outcome, SendError) and self.bindings.of_nonce(binding.nonce) is binding:
            self.over(binding)
            self.commands.stream_lost(binding.partition, [binding.nonce])
            self.desks.refused(binding, "sign_in", "not_acknowledged")
