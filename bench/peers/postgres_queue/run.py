"""One run: everybody signs in, contacts come, the last ones finish; then the check."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.peers.postgres_queue.check import ContactRow, Findings, Holding, check
from bench.peers.postgres_queue.cost import Cpu
from bench.peers.postgres_queue.database import Server, fresh_database, seat
from bench.peers.postgres_queue.plan import Plan
from bench.peers.postgres_queue.queue import PostgresQueue
from bench.peers.postgres_queue.sender import Sender
from bench.peers.postgres_queue.steps import SQL, Connection
from services.simulator.adapters.clock import SystemTicks
from services.simulator.domain.arrivals import Arrival
from services.simulator.domain.calls import Attempt
from services.simulator.domain.measure import Spread, Tally, contact_id
from services.simulator.domain.patience import UNDISTURBED_S
from services.simulator.domain.witness import Entry
from services.simulator.handlers.crowd import Crowd, Workplace
from services.simulator.handlers.pump import pump
from services.simulator.settings import LoadOptions

Say = Callable[[str], None]

_SIGN_IN_WITHIN_S = 60.0
_SWEEP_EVERY_S = 1.0
_LOOK_EVERY_S = 0.1
_LEAD_MS = 200.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is to be."""

    load: LoadOptions
    shards: int = 4
    """Connections among which the centres are divided."""
    lease_s: float = 20.0
    finish_s: float = 60.0
    """How long the last ones may take; what is open then is counted as that."""
    postmaster: int | None = None
    """Pid of the server, to tell its CPU."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters at one moment."""

    offers: int
    cpu_s: Mapping[str, float]


@dataclass(slots=True)
class Journal:
    """Keeps what the callers saw, in memory."""

    ticks: SystemTicks
    entries: list[Entry]

    def write(self, kind: str, **fields: object) -> None:
        """Append an entry."""
        self.entries.append({"kind": kind, "wall_ms": self.ticks.wall_ms(), **fields})


async def run(server: Server, options: Options, say: Say) -> dict[str, Any]:
    """Drive a load through a database of its own, and judge what came of it.

    Raises:
        TimeoutError: Not everybody could sign in.
        OSError: The server is away.
        asyncpg.PostgresError: It cannot do what it is asked for.
    """
    async with fresh_database(server) as connection:
        course = Course(options, Plan(options.load))
        await seat(connection, course.plan.callers())
        async with course.at_work(server, connection):
            begin, end = await course.happen(say)
        say("checking")
        found = await course.judge(connection)
    return course.report(found, begin, end)


class Course:
    """The simulator's crowd, with the queue in place of the gateways."""

    def __init__(self, options: Options, plan: Plan) -> None:
        self.options = options
        self.plan = plan
        self.ticks = SystemTicks()
        self.journal = Journal(self.ticks, [])
        self.tally = Tally(plan.arrivals, plan.run)
        self.queue = PostgresQueue(plan.run, plan.teams, self.journal, self.ticks, options.shards)
        seats = [Workplace(who, desk) for desk, team in enumerate(plan.teams) for who in team]
        self.crowd = Crowd(seats, self.tally, self.journal, self.ticks)
        self.crowd.sit_at(self.queue)
        self.crowd.outcome_sent = self._outcome_sent
        self.queue.hear = self.crowd.heard
        self.queue.saved = self._saved
        self._sessions = [seat.caller.session_id for seat in seats]
        self._sender = Sender(self._hand_over, self.ticks)
        self._loop = asyncio.get_running_loop()
        self._cpu = Cpu(options.postmaster)
        self._finished = 0
        self._measuring = False
        self._sent_ms: dict[Attempt, float] = {}

    @asynccontextmanager
    async def at_work(self, server: Server, connection: Connection) -> AsyncIterator[None]:
        """Let callers act and lanes work; afterwards what is under way is completed."""
        opened: list[Connection] = []
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self.queue.lanes:
                    opened.append(await server.connect())
                    group.create_task(lane.work(opened[-1]))
                around = [
                    group.create_task(pump(self.crowd)),
                    group.create_task(self._sweep(connection)),
                ]
                yield
                for task in around:
                    task.cancel()
                for lane in self.queue.lanes:
                    lane.stop()
        finally:
            for each in opened:
                each.terminate()

    async def happen(self, say: Say) -> tuple[Reading, Reading]:
        """Go through all phases; return the counters at both ends of the measured part."""
        sessions, load = len(self._sessions), self.plan.load
        say(f"signing in {sessions} sessions of {len(self.plan.teams)} centres")
        for desk in range(len(self.plan.teams)):
            self.crowd.connected(desk)
        if not await self._within(_SIGN_IN_WITHIN_S, lambda: self.crowd.bound == sessions):
            raise TimeoutError(f"sessions: {self.crowd.bound} of {sessions} signed in")
        # As in the simulator: no collection is to walk over all callers while it measures.
        gc.collect()
        gc.freeze()
        say(f"sending {len(self.plan.arrivals)} contacts, {load.rate_per_s:g} a second")
        started_ms = self.tally.started_ms = self.ticks.now_ms() + _LEAD_MS
        sending = asyncio.create_task(
            asyncio.to_thread(self._sender.run, self.plan.arrivals, started_ms)
        )
        try:
            begin = await self._read_at(started_ms + load.warm_up_ms)
            self._measuring = True
            end = await self._read_at(started_ms + load.until_ms)
            self._measuring = False
            await sending
        finally:
            self._sender.stop.set()
        say("finishing")
        # As in the simulator: what was sent last is undisturbed, then calls are shortened.
        await self._within(UNDISTURBED_S, self._all_measured)
        self.plan.script.close()
        self.crowd.hurry()
        await self._within(self.options.finish_s, lambda: self._finished == len(self.plan.arrivals))
        return begin, end

    async def judge(self, connection: Connection) -> Findings:
        """Set what the callers saw against the rows."""
        contacts = await connection.fetch(SQL["audit_contacts"])
        callers = await connection.fetch(SQL["audit_callers"])
        rows = [
            ContactRow(
                contact=contact_id(self.plan.run, row["contact_id"]),
                state=row["state"],
                attempt=row["attempt"],
                session=None if row["caller_id"] is None else self._sessions[row["caller_id"]],
                confirms=row["confirms"],
                offered_s=_seconds(row["offered_at"]),
                ended_s=_seconds(row["ended_at"]),
            )
            for row in contacts
        ]
        holdings = [
            Holding(self._sessions[row["caller_id"]], contact_id(self.plan.run, row["contact_id"]))
            for row in callers
        ]
        return check(self.journal.entries, rows, holdings)

    def report(self, found: Findings, begin: Reading, end: Reading) -> dict[str, Any]:
        """Name the figures."""
        wanted = self.options.load
        durable = Spread.of(self.tally.outcome_durable_ms)
        offers = end.offers - begin.offers
        return {
            "ok": found.ok,
            "faults": found.faults,
            "rate": wanted.rate,
            "sessions": len(self._sessions),
            "contacts": found.contacts,
            "finished": found.finished,
            "open": found.open,
            "lost": len(found.lost),
            "doubled": len(found.doubled),
            "offers": self.tally.offers,
            "offers_per_second": round(offers / wanted.seconds, 2),
            "waited": self.tally.waited,
            "offer_ms": asdict(Spread.of(self.tally.offer_ms)),
            "outcome_durable_ms": {"n": durable.n, "p50": durable.p50, "p99": durable.p99},
            "cpu_us_per_contact": {
                name: round((end.cpu_s[name] - used_s) * 1e6 / max(1, offers), 1)
                for name, used_s in begin.cpu_s.items()
            },
            "sender_late_ms": round(self._sender.latest_ms, 1),
            "aht_in_effect_s": self.plan.script.mean_handling_s,
            "seconds": wanted.seconds,
            "seed": wanted.seed,
        }

    # --- what goes on beside ---------------------------------------------------------------------

    def _hand_over(self, due: Sequence[Arrival]) -> None:
        contacts = [self.plan.contact(arrival) for arrival in due]
        self._loop.call_soon_threadsafe(self.queue.arrive, contacts)

    async def _sweep(self, connection: Connection) -> None:
        """Take offers back whose lease has ended, and look for pairs that were overlooked."""
        lease = timedelta(seconds=self.options.lease_s)
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            self.queue.expired(await connection.fetch(SQL["expire"], lease))
            self.queue.look_everywhere()

    def _outcome_sent(self, attempt: Attempt, now_ms: float) -> None:
        if self._measuring:
            self._sent_ms[attempt] = now_ms

    def _saved(self, attempt: Attempt) -> None:
        """Note an outcome whose transaction is committed: every connection sees it from here on."""
        self._finished += 1
        sent_ms = self._sent_ms.pop(attempt, None)
        if sent_ms is not None:
            self.tally.outcome_durable_ms.append(self.ticks.now_ms() - sent_ms)

    def _all_measured(self) -> bool:
        return self.tally.reached == len(self.plan.arrivals) and not self._sent_ms

    async def _read_at(self, at_ms: float) -> Reading:
        await asyncio.sleep(max(0.0, at_ms - self.ticks.now_ms()) / 1_000.0)
        return Reading(self.tally.offers, self._cpu.read_s())

    async def _within(self, limit_s: float, condition: Callable[[], bool]) -> bool:
        until_ms = self.ticks.now_ms() + limit_s * 1_000.0
        while not condition():
            if self.ticks.now_ms() >= until_ms:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
        return True


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
