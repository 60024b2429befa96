"""Put a run together, let it happen, and judge it. The only place that names adapters."""

import asyncio
import gc
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from services.runtime.kafka_log import KafkaLogReader, KafkaLogWriter
from services.runtime.sealing import Sealer
from services.simulator.adapters import journal as journals
from services.simulator.adapters.clock import SystemTicks
from services.simulator.adapters.files import (
    SEATS,
    Territory,
    map_file,
    partitions_of,
    territory,
)
from services.simulator.adapters.gateway_client import GatewayDesks
from services.simulator.adapters.kafka_facts import sightings
from services.simulator.adapters.mint import Run, WireMint
from services.simulator.adapters.postgres import PostgresRecord
from services.simulator.adapters.processes import Costs
from services.simulator.adapters.stack import Stack, Whereabouts
from services.simulator.adapters.text_screen import TextScreen
from services.simulator.domain.arrivals import Arrival, plan_arrivals
from services.simulator.domain.calls import Script
from services.simulator.domain.census import Census
from services.simulator.domain.chance import Chance
from services.simulator.domain.measure import Tally
from services.simulator.domain.next_steps import make, next_steps
from services.simulator.domain.reckoning import reckon
from services.simulator.domain.report import Evidence, report
from services.simulator.domain.staffing import hire, staff
from services.simulator.domain.summary import summary
from services.simulator.domain.verdict import Wanted
from services.simulator.domain.waiting import Waiting
from services.simulator.domain.witness import hear
from services.simulator.handlers.crowd import Crowd, seat
from services.simulator.handlers.durability import Durability
from services.simulator.handlers.pump import pump
from services.simulator.handlers.rehearsal import Rehearsal, Window
from services.simulator.handlers.sending import Sending
from services.simulator.handlers.watch import Watch
from services.simulator.ports import Screen
from services.simulator.settings import DEFAULT_STATE, LoadOptions, Sizes

_ACK_MS = 120_000
_SAMPLED_PER_S = 20
_FINISH_BASE_S = 120.0
_FINISH_AHTS = 4.0
_ZONE = ZoneInfo("Asia/Kolkata")


def choose_screen() -> Screen:
    """Return standard error as what it is."""
    if not sys.stderr.isatty():
        return TextScreen(sys.stderr)
    from rich.console import Console

    from services.simulator.adapters.rich_screen import RichScreen

    console = Console(stderr=True)
    return TextScreen(sys.stderr) if console.is_dumb_terminal else RichScreen(console)


async def demo(
    stack: Stack, sizes: Sizes, options: LoadOptions, *, keep: bool, screen: Screen
) -> dict[str, Any]:
    """Bring a stack up, rehearse on it, and take it down unless it is to be kept.

    Raises:
        StackError: It is live, or does not come up.
        FileFaultError: There is no such map.
    """
    stack.refuse_live()
    state = None if stack.state == DEFAULT_STATE else str(stack.state)
    map_path = map_file(options.centres)
    screen.say(f"bringing the stack up in {stack.state}")
    await stack.up(sizes.as_options())
    try:
        partitions = stack.endpoints().partitions
        if partitions_of(map_path) != partitions:
            screen.say(f"planning {options.centres} centres over {partitions} partitions")
            map_path = await stack.plan(SEATS, options.centres, partitions)
        screen.say(f"publishing {map_path.name}")
        await stack.publish(map_path)
        result = await rehearse(stack, options, journal_path(stack), screen)
    finally:
        if keep:
            screen.say(f"the stack keeps running; `{make('down', state)}` takes it down")
        else:
            screen.say("taking the stack down")
            await stack.down()
    screen.sum_up(summary(result))
    if keep:
        screen.say("\n".join(("next:", *next_steps(state, result["example"]))))
    return result


async def run(stack: Stack, options: LoadOptions, journal: Path, screen: Screen) -> dict[str, Any]:
    """Rehearse on a stack that is up.

    Raises:
        StackError: It is live or down.
        NotStartedError: Not everybody could sign in.
    """
    result = await rehearse(stack, options, journal, screen)
    screen.sum_up(summary(result))
    return result


def journal_path(stack: Stack) -> Path:
    """Return where the journal of a run goes if nothing else is said."""
    return stack.state / "logs" / "journal.ndjson"


async def rehearse(
    stack: Stack, options: LoadOptions, journal: Path, screen: Screen
) -> dict[str, Any]:
    """Drive a load through a stack that is up and has a map, and judge what came of it.

    Raises:
        StackError: It is live or down.
        NotStartedError: Not everybody could sign in.
    """
    stack.refuse_live()
    stack.endpoints()  # fails before anything is written
    ticks = SystemTicks()
    with journals.FileJournal(journal, ticks) as book:
        course = Course.prepare(stack, options, book, ticks)
        try:
            window, in_time = await course.happen(screen)
        finally:
            await course.record.close()
    screen.say("counting" if in_time else "counting, though not everything is finished")
    return await _judge(stack, course, window, journal, screen)


@dataclass(slots=True)
class Course:
    """One run, put together."""

    run: Run
    options: LoadOptions
    land: Territory
    arrivals: list[Arrival]
    centre_of: dict[str, str]
    """Centre by session."""
    rehearsal: Rehearsal
    desks: GatewayDesks
    costs: Costs
    record: PostgresRecord
    token: str
    policy_offset_s: int
    ticks: SystemTicks

    @classmethod
    def prepare(
        cls, stack: Stack, options: LoadOptions, book: journals.FileJournal, ticks: SystemTicks
    ) -> "Course":
        """Draw everything that is drawn before the start, and connect what connects lazily."""
        where = Whereabouts(stack)
        found = where.now()
        run = _name(options.seed, ticks.wall_ms(), found.partitions)
        land = territory(map_file(options.centres))
        sessions = staff(land.centres, options.sessions)
        arrivals = plan_arrivals(
            options.as_load(), land.seats, sessions, _chance(f"{options.seed}/arrivals")
        )
        script = Script(_chance, options.seed, options.aht * 1_000.0)
        teams = hire(
            run.name, land.centres, sessions, script.plan_of, _chance(f"{options.seed}/callers")
        )
        seats = seat(teams, options.desks)
        tally = Tally(arrivals, run.name)
        crowd = Crowd(seats, tally, book, ticks)
        desks = GatewayDesks(crowd, options.desks, lambda: where.now().gateways, ticks)
        crowd.sit_at(desks)
        record = PostgresRecord(found.postgres)
        every = max(1, round(options.rate / _SAMPLED_PER_S))
        durability = Durability(record, tally, ticks, every)
        crowd.outcome_sent = durability.sent
        mint = WireMint(
            run, Sealer.from_file(found.key_file), _chance(f"{options.seed}/persons"), ticks
        )
        log = KafkaLogWriter(found.kafka, "simulator", _ACK_MS)
        return cls(
            run=run,
            options=options,
            land=land,
            arrivals=arrivals,
            centre_of={seat.caller.session_id: seat.caller.team.centre_id for seat in seats},
            rehearsal=Rehearsal(
                crowd=crowd,
                sending=Sending(log, mint, book, ticks),
                tally=tally,
                durability=durability,
                script=script,
                places=lambda: record.places(run.name),
                ticks=ticks,
            ),
            desks=desks,
            costs=Costs(lambda: where.now().pids),
            record=record,
            token=found.login_token,
            policy_offset_s=found.policy_offset_s,
            ticks=ticks,
        )

    async def happen(self, screen: Screen) -> tuple[Window, bool]:
        """Go through all phases; return the measured window, and whether all finished in time."""
        run, options = self.rehearsal, self.options
        async with asyncio.TaskGroup() as group:
            around = [
                group.create_task(work)
                for work in (
                    self.desks.keep(self.token, _chance(f"{options.seed}/desks")),
                    pump(run.crowd),
                    run.durability.watch(),
                    self.costs.follow(),
                    self._watch(screen).keep(),
                )
            ]
            screen.say(
                f"signing in {options.sessions} sessions of {len(self.land.centres)} centres"
            )
            await run.sign_in(options.sessions)
            # Callers live for the whole run: no collection is to walk over them while it measures.
            gc.collect()
            gc.freeze()
            screen.say(f"sending {len(self.arrivals)} contacts, run {self.run.name}")
            window = await run.load(self.arrivals, options.as_load())
            in_time = await run.finish(_FINISH_BASE_S + _FINISH_AHTS * options.aht)
            await run.leave()
            for task in around:
                task.cancel()
        return window, in_time

    def _watch(self, screen: Screen) -> Watch:
        centre_of = {seat.seat_id: seat.centre_id for seat in self.land.seats}
        return Watch(self.rehearsal, Waiting(self.arrivals, centre_of), screen)


async def _judge(
    stack: Stack, course: Course, window: Window, journal: Path, screen: Screen
) -> dict[str, Any]:
    account = await asyncio.to_thread(lambda: hear(journals.read(journal)))
    census = Census(course.run.name, window.from_ms, window.until_ms)
    await asyncio.to_thread(_take, stack, course, census)
    record = PostgresRecord(stack.endpoints().postgres)
    try:
        places = await record.places(course.run.name)
        recorded = await record.recorded(course.run.name)
    finally:
        await record.close()
    screen.say("auditing")
    audit = await stack.audit(journal)
    run, options = course.rehearsal, course.options
    policy_ms = course.ticks.wall_ms() + course.policy_offset_s * 1_000
    evidence = Evidence(
        counts=reckon(account, places, recorded, census, audit),
        census=census,
        tally=run.tally,
        centres=len({course.centre_of[session] for session in census.offered_sessions}),
        rss_mb=course.costs.rss_mb,
        audit_ok=bool(audit["ok"]),
        stuck=run.crowd.stuck,
    )
    wanted = Wanted(options.sessions, options.rate, wait=options.burst > 0)
    return report(evidence, wanted, options.seconds) | {
        "seats": len(course.land.seats),
        "cpu_s": course.costs.cpu_s,
        "seed": options.seed,
        "policy_now": datetime.fromtimestamp(policy_ms // 1_000, _ZONE).isoformat(),
        "run": course.run.name,
        "journal": str(journal),
        "stream_breaks": course.desks.breaks,
        "sender_late_ms": round(run.sending.latest_ms, 1),
        "aht_in_effect_s": run.script.mean_handling_s,
        "doubles": account.doubled,
    }


def _take(stack: Stack, course: Course, census: Census) -> None:
    reader = KafkaLogReader(stack.endpoints().kafka, "simulator-census")
    try:
        for sighting in sightings(reader, course.run.partitions, course.ticks):
            census.see(sighting)
    finally:
        reader.close()


def _name(seed: int, wall_ms: int, partitions: int) -> Run:
    # The moment tells runs apart, in ids and in phones: 100,000 s pass before phones repeat.
    return Run(f"sim{seed}-{wall_ms // 1_000:x}", wall_ms % 10**8, partitions)


def _chance(seed: str) -> Chance:
    return Random(seed).random
