"""One run: processes come up, contacts go their ways, and each has to come to its end."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import asyncpg
import psutil

from bench.bare_path import desks, gateway, recorder, relay
from bench.bare_path.setting import BareLoad, Setting
from bench.bare_path.wire import Logs, Step
from bench.bare_path.workers import Worker, worker
from bench.loops.pace import topics
from bench.simulation import CALLERS, kind_of, per_contact_us
from bench.watching import Ends
from services.simulator.adapters.processes import Costs

_LOOP = 3_000_000
_LEAD_S = 0.3
_RECORDED_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.2
_RELAYS = {"router": relay.route, "dispatcher": relay.dispatch, "recorder": recorder.serve}
_SERVERS = ("kafka", "postgres")
_ALWAYS = (Step.RULING, Step.QUEUED, Step.OFFERED, Step.CONFIRMED, Step.DIAL_STARTED, Step.ENDED)
"""What every contact has one row of; the others have at most one."""


def run(
    bootstrap: str, postgres: str, load: BareLoad, pids: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Put a load on the bare path; return what it took, and whether each contact came to its end.

    Args:
        bootstrap: Addresses of the broker.
        postgres: Any database in which a table may be created.
        load: What is to come.
        pids: Servers whose CPU is told, by name.

    Raises:
        WorldError: A process did not start, or died.
    """
    speed_s = [plain_loop_s()]
    name = secrets.token_hex(4)
    setting = Setting(bootstrap, postgres, f"bare_{name}", Logs.of(name), load)
    asyncio.run(_execute(postgres, recorder.CREATE.format(setting.table)))
    try:
        with topics(bootstrap, [log.topic for log in setting.logs], load.partitions):
            result = _measure(setting, pids or {})
    finally:
        asyncio.run(_execute(postgres, f"DROP TABLE {setting.table}"))
    return {**result, "plain_loop_s": [*speed_s, plain_loop_s()]}


def servers(pids: Mapping[str, int]) -> dict[str, int]:
    """Return those processes of a stack that a run uses: brokers and database."""
    return {name: pid for name, pid in pids.items() if kind_of(name) in _SERVERS}


def is_whole(rows: Mapping[str, tuple[int, int]], ended: int) -> bool:
    """Tell whether every contact that ended has its rows, and none has one twice.

    Args:
        rows: How many rows there are of each kind, and of how many contacts.
        ended: Contacts whose callers heard that they are over.
    """
    twice = any(count != contacts for count, contacts in rows.values())
    return not twice and all(rows.get(step.name, (0, 0))[0] >= ended for step in _ALWAYS)


def plain_loop_s() -> float:
    """Return what a fixed loop takes now: the speed of the machine, beside which figures stand."""
    began_s, total = time.perf_counter(), 0
    for number in range(_LOOP):
        total += number * number & 0xFF
    return round(time.perf_counter() - began_s, 3)


def _measure(setting: Setting, servers: Mapping[str, int]) -> dict[str, Any]:
    load = setting.load
    with _processes(setting) as workers:
        pids = {**servers, **{each.name: each.pid for each in workers.values()}}
        counting = Ends(setting.bootstrap)
        _records(setting, counting)  # connects: what it takes is not to be in the window
        begin_s = time.monotonic() + _LEAD_S
        workers[CALLERS].tell(begin_s)
        _sleep_until(begin_s + load.warm_up_s)
        costs = Costs(lambda: pids)
        costs.sample()
        before, busy_s = _records(setting, counting), _busy_s()
        until_s = begin_s + load.warm_up_s + load.seconds
        # Every second, for the children of the database that end meanwhile.
        while time.monotonic() < until_s:
            _sleep_until(min(until_s, time.monotonic() + 1.0))
            costs.sample()
        busy_s = _busy_s() - busy_s
        after = _records(setting, counting)
        result = workers[CALLERS].hear(load.finish_s + 30.0)
        rows = asyncio.run(_recorded(setting, result["contacts"] - result["open"]))
    counts = result.pop("counts")
    offers = max(1, counts["offers"])
    spent_s = {name: s for name, s in costs.cpu_s.items() if name != "simulator"}
    return {
        **result,
        "ok": result["twice"] == 0 and is_whole(rows, result["contacts"] - result["open"]),
        "rate": load.rate_per_s,
        "offers_per_second": round(counts["offers"] / load.seconds, 1),
        "cores": round(sum(spent_s.values()) / load.seconds, 3),
        "machine_cores": round(busy_s / load.seconds, 3),
        "cpu_us": {k: round(v, 1) for k, v in per_contact_us(spent_s, counts["offers"]).items()},
        "records": {log: round((after[log] - n) / offers, 2) for log, n in before.items()},
        "frames": {way: round(counts[way] / offers, 2) for way in ("frames_out", "frames_in")},
        "rows": rows,
    }


@contextmanager
def _processes(setting: Setting) -> Iterator[dict[str, Worker]]:
    """Have all processes ready, the desks connected."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(worker(name, work, setting))
            for name, work in {**_RELAYS, "gateway": gateway.serve, CALLERS: desks.serve}.items()
        }
        for name in _RELAYS:
            workers[name].hear()
        workers[CALLERS].tell(workers["gateway"].hear())
        workers[CALLERS].hear()
        yield workers


def _records(setting: Setting, counting: Ends) -> dict[str, int]:
    partitions = range(setting.load.partitions)
    found = counting.ask([(log.topic, n) for log in setting.logs for n in partitions])
    return {
        name: sum(found[log.topic, n] for n in partitions)
        for name, log in setting.logs._asdict().items()
    }


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _sleep_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))


async def _recorded(setting: Setting, ended: int) -> dict[str, tuple[int, int]]:
    """Return rows and contacts by kind once all ends are kept, or too much time went by."""
    connection: Any = await asyncpg.connect(setting.postgres)
    until_s = time.monotonic() + _RECORDED_WITHIN_S
    try:
        while True:
            found = await connection.fetch(recorder.COUNT.format(setting.table))
            rows = {row["kind"]: (row["rows"], row["contacts"]) for row in found}
            there = rows.get(Step.ENDED.name, (0, 0))[0] >= ended
            if there or time.monotonic() > until_s:
                return rows
            await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        await connection.close()


async def _execute(postgres: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(postgres)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
