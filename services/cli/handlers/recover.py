"""Recover from a whole record when all logs are lost: assess, begin anew, release (ADR 0014)."""

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from services.cli.domain.policy import Policy
from services.cli.domain.recovery import (
    REMEMBERED,
    Fate,
    Known,
    Verdict,
    Withdrawn,
    judge,
    quiet_until,
)
from services.cli.domain.recovery_rules import policy_changes, seats_moved, with_closed
from services.cli.domain.seat_map import KnownSeat, Row, SeatMap, assemble, problems_of
from services.cli.errors import NotDoneError
from services.cli.ports.recovery import (
    Begun,
    ByHand,
    InForce,
    LostLog,
    NewLogs,
    RecoveryStore,
    Summary,
)
from services.cli.ports.signature import Signature

VALID = timedelta(hours=12)
"""Of a release: well below what the router remembers, and a night for starting the stack."""
SEND_AGAIN_MARGIN = timedelta(minutes=10)
"""How far a router may have been behind its contacts: a repeat is harmless, a gap is not."""
LISTED_MAX = 10_000
RELEASES_MAX = 10_000_000
"""Releases of one run: a bound, far above what a bank holds as due."""


class State(enum.Enum):
    """How a stack stands."""

    NOTHING_LOST = "nothing_lost"
    LOST = "lost"
    """All logs begin anew, and nothing was done about it."""
    BEGUN = "begun"
    """A recovery was interrupted."""
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Rules:
    """The map and the policy that are to be in force."""

    rows: Sequence[Row]
    seats: Mapping[str, KnownSeat]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants."""

    signature: Signature
    rules: Rules | None
    calls_over: bool
    running: tuple[str, ...]
    """Services of the stack that run."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known, what will be called again and what never."""

    state: State
    logs: Sequence[LostLog] = ()
    begun: Begun | None = None
    in_force: InForce | None = None
    contacts: int = 0
    fates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    by_hand: Sequence[ByHand] = ()
    seat_map: SeatMap | None = None
    differs: Sequence[str] = ()
    """Where map and policy are not what was in force, as sentences."""

    @property
    def recorded_until(self) -> datetime | None:
        """The oldest time until which a log was recorded."""
        return min((log.until for log in self.logs if log.until is not None), default=None)

    @property
    def send_again_since(self) -> datetime | None:
        """From when on senders have to repeat what they sent."""
        until = self.recorded_until
        return None if until is None else until - SEND_AGAIN_MARGIN


class Restored(NamedTuple):
    """What is put in force again."""

    in_force: InForce
    seat_map: SeatMap
    policy: Policy


@dataclass(frozen=True, slots=True)
class RecoverHandler:
    """Brings a stack back whose logs are lost; the same call goes on where another ended."""

    store: RecoveryStore
    logs: NewLogs
    progress: Callable[[str], None]

    async def assess(self, wish: Wish, now: datetime) -> Assessment:
        """Say how the stack stands and what a recovery would do; change nothing.

        Raises:
            NotDoneError: It cannot be recovered so; the message says what to do.
        """
        lost = await self.store.logs()
        begun = await self.store.newest()
        state = _state(lost, self.logs.topic_ids(), begun)
        if state is State.NOTHING_LOST:
            return Assessment(state, lost)
        if state is State.RECOVERED:
            return Assessment(state, lost, begun)
        _refuse_running(wish.running)
        in_force = await self.store.in_force()
        seat_map, differs = self._map(wish.rules, in_force)
        found = Assessment(state, lost, begun, in_force, seat_map=seat_map, differs=differs)
        if state is State.BEGUN:
            return found
        in_the_way = self.logs.in_the_way()
        if in_the_way:
            raise NotDoneError(
                f"the new logs are not empty ({'; '.join(in_the_way)}): what was decided there "
                "cannot be told apart from what was lost; take the brokers' folders away and "
                "begin with empty logs"
            )
        begun = Begun(
            0,
            now,
            quiet_until(now, calls_over=wish.calls_over),
            in_force.map_version,
            in_force.policy_version,
            frozenset(),
        )
        return await self._count(replace(found, begun=begun))

    async def __call__(self, wish: Wish, found: Assessment, now: datetime) -> Summary:
        """Do it, in steps that may be repeated.

        Raises:
            NotDoneError: The stack is away, or a file is missing; the same command goes on.
        """
        begun = found.begun
        if begun is None:
            raise NotDoneError("nothing was lost: there is nothing to recover")
        restored = None if found.state is State.RECOVERED else _restored(wish, found)
        if found.state is State.LOST:
            self.progress("giving every contact its fate")
            judged = self._judge(found)
            number = await self.store.begin(wish.signature, begun, self.logs.topic_ids(), judged)
            begun = replace(begun, recovery_id=number)
        if restored is not None:
            await self._restore(wish.signature, restored, begun)
        await self._release(begun.recovery_id, now)
        return await self.store.summary(begun.recovery_id)

    async def _restore(self, signature: Signature, restored: Restored, begun: Begun) -> None:
        """Put in force what was, the map last: without one nothing is routed."""
        in_force, seat_map, policy = restored
        if "withdrawn" not in begun.done:
            self.progress("withdrawals")
            self.logs.withdraw(in_force.withdrawals, signature)
            await self.store.mark_done(begun.recovery_id, "withdrawn")
        if "stopped" not in begun.done:
            self.progress("stops")
            self.logs.stop(in_force.stops, signature)
            await self.store.mark_done(begun.recovery_id, "stopped")
        if "marked" not in begun.done:
            marked = 0
            async for some in self.store.marks(begun.recovery_id, begun.begun_at - REMEMBERED):
                self.logs.mark(some)
                marked += len(some)
                self.progress(f"marking what was ruled on: {marked:,} releases")
            await self.store.mark_done(begun.recovery_id, "marked")
        if "mapped" not in begun.done:
            self.progress("policy and map")
            in_use = self.logs.in_use()
            # The policy first, as always: a router with a map and no policy holds everything back.
            if in_use.policy != policy or in_use.policy_version <= begun.policy_version:
                version = max(begun.policy_version, in_use.policy_version) + 1
                self.logs.publish_policy(version, policy, signature)
            if in_use.seat_map != seat_map or in_use.map_version <= begun.map_version:
                version = max(begun.map_version, in_use.map_version) + 1
                self.logs.publish_map(version, seat_map, signature)
            await self.store.mark_done(begun.recovery_id, "mapped")

    async def _release(self, recovery_id: int, now: datetime) -> None:
        released = 0
        while released < RELEASES_MAX:
            some = await self.store.release(recovery_id, now, now + VALID)
            if not some:
                return
            # Committed before: whoever goes on after a kill sends the same again, and the router
            # takes one of them (rules 3.3, 7.1).
            self.logs.send(some)
            await self.store.mark_sent(recovery_id, some)
            released += len(some)
            self.progress(f"releasing: {released:,} contacts")

    def _map(self, rules: Rules | None, in_force: InForce) -> tuple[SeatMap | None, Sequence[str]]:
        if rules is None:
            return None, ()
        problems = problems_of(
            rules.rows, rules.seats, self.logs.partition_count(), in_force.centres
        )
        if problems:
            shown = "; ".join(problem.sentence for problem in problems[:20])
            raise NotDoneError(f"--map: {len(problems)} problems: {shown}")
        seat_map = with_closed(assemble(rules.rows, rules.seats), in_force.closed)
        differs = [
            *seats_moved(seat_map, in_force.homes),
            *policy_changes(rules.policy, in_force.policy),
        ]
        return seat_map, differs

    def _judge(self, found: Assessment) -> Callable[[Known], Verdict]:
        if found.begun is None or found.in_force is None:
            raise NotDoneError("nothing was lost: there is nothing to recover")
        withdrawals = found.in_force.withdrawals
        withdrawn = Withdrawn(
            frozenset(person for _, person, _ in withdrawals if person),
            frozenset(contact for _, _, contact in withdrawals if contact),
        )
        begun = found.begun
        return partial(judge, withdrawn=withdrawn, now=begun.begun_at, quiet_at=begun.quiet_until)

    async def _count(self, found: Assessment) -> Assessment:
        self.progress("reading the record")
        judged = self._judge(found)
        fates: defaultdict[str, Counter[str]] = defaultdict(Counter)
        by_hand: list[ByHand] = []
        open_ones = 0
        async for known in self.store.known():
            fate = judged(known).fate
            fates[fate.value][known.place] += 1
            open_ones += 1
            if fate in (Fate.HUMAN, Fate.SENDER) and len(by_hand) < LISTED_MAX:
                by_hand.append(_by_hand(known, fate))
        contacts = await self.store.contacts()
        fates[Fate.NEVER.value]["over"] = contacts - open_ones
        return replace(found, contacts=contacts, fates=fates, by_hand=by_hand)


def _state(lost: Sequence[LostLog], topic_ids: Mapping[str, str], begun: Begun | None) -> State:
    if not lost:
        raise NotDoneError(
            "Postgres holds nothing: there is nothing to recover from; if the logs are whole, "
            "`make up` records them anew"
        )
    anew = {log.topic for log in lost if topic_ids.get(log.topic) != log.topic_id}
    if anew == {log.topic for log in lost}:
        return State.LOST
    if anew:
        whole = next(topic for topic in topic_ids if topic not in anew)
        raise NotDoneError(
            f"only {', '.join(sorted(anew))} begins anew, and {whole} is what was recorded: bring "
            "the old log back, or take all logs away; this is for the loss of all of them"
        )
    if begun is None:
        return State.NOTHING_LOST
    return State.RECOVERED if "mapped" in begun.done else State.BEGUN


def _restored(wish: Wish, found: Assessment) -> Restored:
    in_force, rules = found.in_force, wish.rules
    if in_force is None or found.seat_map is None or rules is None:
        version = in_force.map_version if in_force else 0
        raise NotDoneError(
            f"--map, --policy: name the files that were in force (map {version}): Postgres has "
            "neither the segments and languages of a map nor the hours of a policy"
        )
    return Restored(in_force, found.seat_map, rules.policy)


def _refuse_running(running: Sequence[str]) -> None:
    if running:
        raise NotDoneError(
            f"{', '.join(running)} run: nobody may decide or record meanwhile; stop the stack with "
            "`make down` and repeat the command, which starts what it needs"
        )


def _by_hand(known: Known, fate: Fate) -> ByHand:
    return ByHand(
        known.contact_id,
        known.release,
        known.place,
        known.session_id,
        known.centre_id,
        known.moved_at,
        fate.value,
        None,
    )
