"""The promises that facts, numbers and dials must keep, each judged when it happens."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.dispatcher.domain import facts
from services.dispatcher.domain.allowed import is_stopped, is_withdrawn
from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.words import Activity, EndReason, Place
from services.runtime.log_port import Arrived

if TYPE_CHECKING:
    from tests.simtest.truth import Truth

Key = tuple[str, int]


class BrokenPromiseError(BaseException):
    """A promise was broken. Not an `Exception`: the product must not take it for one of its own."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.what = what


@dataclass(frozen=True, slots=True)
class Dial:
    """A number that a person has dialled, or may have."""

    session_id: str
    attempt: facts.Attempt
    at_ms: int


@dataclass
class FactsPromises:
    """Promises about one attempt after the other, by what the log says of it."""

    truth: "Truth"
    confirmed: dict[facts.Attempt, facts.Confirmed] = field(default_factory=dict)
    dials: dict[str, list[Dial]] = field(default_factory=dict)
    unsealed: dict[facts.Attempt, int] = field(default_factory=dict)
    ended: dict[Key, tuple[facts.Ended, int]] = field(default_factory=dict)
    """How each release ended, and the offset of that record."""
    said: dict[tuple[str, str, int, facts.Attempt], int] = field(default_factory=dict)
    """When an accept or an announcement was first appended, by session, generation, attempt."""
    generations: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """Offset of each sign-in, by partition and session: the first has generation 1."""
    _confirms: dict[Key, facts.Attempt] = field(default_factory=dict)
    _routed: dict[Key, int] = field(default_factory=dict)
    _queued: set[Key] = field(default_factory=set)

    def routed(self, key: Key, partition: int) -> None:
        """Rule 3.3: one ruling a release sends it to a centre."""
        if key in self._routed:
            raise BrokenPromiseError("routed_twice", f"{key} was routed before")
        self._routed[key] = partition

    def judge(self, record: Arrived, floor: Floor, fact: facts.Fact, at_ms: int) -> None:
        """Judge a fact that counts, before it is folded."""
        match fact:
            case facts.Queued():
                self._judge_queued(record.partition, fact)
            case facts.Offered():
                self._judge_offered(floor, fact)
            case facts.Confirmed():
                self._judge_confirmed(floor, fact, at_ms)
            case facts.Ended():
                self._judge_ended(fact, record.offset)
            case facts.SignedIn():
                session = (record.partition, fact.session_id)
                known = self.generations.setdefault(session, [])
                if fact.generation != len(known) + 1:
                    raise BrokenPromiseError("generation", f"{len(known)} is followed by {fact}")
                known.append(record.offset)
            case facts.DialStarted():
                self._judge_dial_started(floor, fact)
            case _:
                pass

    def _judge_queued(self, partition: int, fact: facts.Queued) -> None:
        key = (fact.contact.contact_id, fact.contact.release)
        if self._routed.get(key) != partition:
            raise BrokenPromiseError(
                "queued_unruled", f"{key} has no ruling to partition {partition}"
            )
        if key in self._queued:
            raise BrokenPromiseError("queued_twice", f"{key} was queued before")
        self._queued.add(key)

    def _judge_offered(self, floor: Floor, fact: facts.Offered) -> None:
        live = self._live(floor, fact.attempt)
        session = floor.sessions.get(fact.session_id)
        if live.place is not Place.QUEUED:
            raise BrokenPromiseError("offered_elsewhere", f"{fact.attempt} is {live.place.name}")
        if session is None or session.activity is not Activity.AVAILABLE or session.contact:
            raise BrokenPromiseError("offered_to_busy", f"{fact.session_id} cannot take an offer")

    def _judge_confirmed(self, floor: Floor, fact: facts.Confirmed, at_ms: int) -> None:
        live = self._live(floor, fact.attempt)
        if live.place is not Place.OFFERED or live.session_id != fact.session_id:
            raise BrokenPromiseError(
                "confirmed_unoffered", f"{fact.attempt} is {live.place.name}, of {live.session_id}"
            )
        before = self._confirms.get(fact.attempt.key)
        if before is not None:
            raise BrokenPromiseError("confirmed_twice", f"{fact.attempt} after {before}")
        session = floor.sessions[fact.session_id]
        if (fact.generation, fact.nonce) != (session.generation, session.nonce):
            raise BrokenPromiseError(
                "confirmed_old_binding",
                f"{fact.attempt} for generation {fact.generation}, "
                f"{fact.session_id} has {session.generation}",
            )
        if is_withdrawn(floor, live):
            raise BrokenPromiseError("confirmed_withdrawn", f"{fact.attempt}")
        if is_stopped(floor, live):
            raise BrokenPromiseError("confirmed_stopped", f"{fact.attempt}")
        if not at_ms < fact.dial_by_ms <= live.allow_until_ms:
            raise BrokenPromiseError(
                "dial_by", f"{fact.attempt} until {fact.dial_by_ms} at {at_ms}"
            )
        self._judge_accept(live, fact, at_ms)
        self._confirms[fact.attempt.key] = fact.attempt
        self.confirmed[fact.attempt] = fact

    def _judge_accept(self, live: LiveContact, fact: facts.Confirmed, at_ms: int) -> None:
        accept = ("accept_offer", fact.session_id, fact.generation, fact.attempt)
        accepted_at_ms = self.said.get(accept)
        if accepted_at_ms is None:
            raise BrokenPromiseError(
                "confirmed_unaccepted", f"generation {fact.generation} accepted no {fact.attempt}"
            )
        # Behind a broker that was silent, an owner's time is earlier than what it decides: then it
        # is in time by the owner's, while behind it is in time by the accept's.
        if min(accepted_at_ms, at_ms) > live.deadline_ms:
            raise BrokenPromiseError("lease", f"{fact.attempt} was accepted after its lease")

    def _judge_dial_started(self, floor: Floor, fact: facts.DialStarted) -> None:
        live = self._live(floor, fact.attempt)
        announced = ("unsealing", fact.session_id, live.generation, fact.attempt)
        announced_at_ms = self.said.get(announced)
        if announced_at_ms is None or announced_at_ms >= live.deadline_ms:
            raise BrokenPromiseError("dialled_unannounced", f"{fact.attempt} in time")

    def _judge_ended(self, fact: facts.Ended, offset: int) -> None:
        self.ended[fact.attempt.key] = (fact, offset)
        if fact.reason is EndReason.NEVER_DIALLED:
            for dial in self.dials.get(fact.attempt.contact_id, ()):
                if dial.attempt == fact.attempt:
                    raise BrokenPromiseError(
                        "never_dialled_was_dialled", f"{fact.attempt} by {dial.session_id}"
                    )

    def _live(self, floor: Floor, attempt: facts.Attempt) -> LiveContact:
        live = floor.contacts.get(attempt.key)
        if live is None:
            raise BrokenPromiseError("unknown_contact", f"{attempt} is on no floor")
        return live

    # --- numbers and dials -----------------------------------------------------------------------

    def lateness_ms(self, attempt: facts.Attempt, now_ms: int) -> int:
        """Return how long after `dial_by` it is by the broker's clock; negative before it."""
        fact = self.confirmed.get(attempt)
        return -1 if fact is None else now_ms - fact.dial_by_ms

    def unseal(
        self,
        attempt: facts.Attempt,
        binding: tuple[int, bytes],
        late_ms: int,
        facts_read: int,
        withdrawn_read: int,
    ) -> None:
        """Rule 5.1: judge a number at the moment when a gateway opens it.

        Args:
            attempt: What the gateway opens.
            binding: Partition and nonce that it opens it for.
            late_ms: How long after `dial_by` it is, see `lateness_ms`.
            facts_read: Records of that partition's facts that this gateway has read, or has to
                have read to be at their end.
            withdrawn_read: Records of suppressions that it has read.
        """
        partition, nonce = binding
        fact = self.confirmed.get(attempt)
        if fact is None or fact.nonce != nonce:
            raise BrokenPromiseError("unsealed_unconfirmed", f"{attempt}")
        if late_ms >= 0:
            raise BrokenPromiseError("unsealed_late", f"{attempt}, {late_ms} ms after dial_by")
        self.unsealed[attempt] = self.unsealed.get(attempt, 0) + 1
        if self.unsealed[attempt] > 1:
            raise BrokenPromiseError("unsealed_twice", f"{attempt}")
        signed_in = self.generations[partition, fact.session_id]
        if len(signed_in) > fact.generation and signed_in[fact.generation] < facts_read:
            raise BrokenPromiseError(
                "unsealed_old_generation", f"{attempt} for {fact.generation} of {len(signed_in)}"
            )
        end, offset = self.ended.get(attempt.key, (None, facts_read))
        if end is not None and offset < facts_read:
            raise BrokenPromiseError("unsealed_after_end", f"{attempt} {end.reason.name}")
        for person_key, contact_id in self.truth.withdrawals[:withdrawn_read]:
            if (person_key and person_key == fact.person_key) or contact_id == attempt.contact_id:
                raise BrokenPromiseError("unsealed_withdrawn", f"{attempt}")

    def dial(self, session_id: str, attempt: facts.Attempt, now_ms: int) -> None:
        """Promise 2: judge a dial by those before it."""
        fact = self.confirmed.get(attempt)
        if fact is None or fact.session_id != session_id:
            raise BrokenPromiseError("dialled_unconfirmed", f"{attempt} by {session_id}")
        if now_ms > fact.dial_by_ms:
            raise BrokenPromiseError("dialled_late", f"{attempt} by {session_id}")
        before = self.dials.setdefault(attempt.contact_id, [])
        for other in before:
            end, _ = self.ended.get(other.attempt.key, (None, 0))
            if end is None or end.reason is EndReason.NEVER_DIALLED:
                raise BrokenPromiseError(
                    "two_desks",
                    f"{attempt} by {session_id}, while {other.session_id} has {other.attempt}",
                )
        before.append(Dial(session_id, attempt, now_ms))
