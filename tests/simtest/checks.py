"""What is asked of the processes after a step, and of everything at the end."""

from collections.abc import Coroutine, Mapping
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Any

from services.cli.adapters.audit_logs import KafkaAuditLogs
from services.cli.adapters.audit_report import as_json
from services.cli.domain.places import At, Place, Read, Recorded
from services.cli.handlers.audit import AuditHandler
from services.dispatcher.adapters import topics
from services.dispatcher.domain.floor import Floor
from services.recorder.domain.rows import Stage
from services.router.adapters.topics import CONTACTS
from services.runtime.fenced_log.header import FencePoint
from services.runtime.fenced_log.role import Role
from tests.fakes.log_book import InMemoryLogBook
from tests.fakes.record import InMemoryRecord
from tests.simtest.deciders import PARTITIONS
from tests.simtest.promises import BrokenPromiseError

if TYPE_CHECKING:
    from tests.simtest.deciders import DeciderNode
    from tests.simtest.world import World

_OVERRUN_MS = 3_000
_SESSION_FIELDS = (
    "session_id", "centre_id", "generation", "nonce", "activity", "presence", "contact",
    "misses", "draining",
)  # fmt: skip
_CONTACT_FIELDS = (
    "place", "attempt", "misses", "session_id", "generation", "nonce", "deadline_ms", "order",
    "centre_id", "wait_until_ms", "waiting",
)  # fmt: skip


def readers_agree(world: "World", node: "DeciderNode") -> None:
    """All readers accept the same records: compare this one's place with the log's own."""
    for partition in node.decider.partitions:
        offset = partition._next_offset
        if not offset:
            continue
        log = world.truth.logs[partition.tp]
        point = partition._reader.point
        if offset <= len(log.points) and log.points[offset - 1] == point:
            continue
        world.scheduler.failure = BrokenPromiseError(
            "readers_disagree",
            f"{node.name} is at {point} behind {partition.tp[0]}/{partition.tp[1]}@{offset - 1}",
        )


def folds_agree(world: "World", node: "DeciderNode") -> None:
    """At the end: who follows and who owns has folded the same floor."""
    if node.kind != "dispatcher":
        return
    for partition in node.decider.partitions:
        log = world.truth.logs[partition.tp]
        if partition._next_offset != len(log.points) or partition._sending is not None:
            continue  # it has something to read, or runs ahead by the record under way
        ours = shape(partition.core.floor)  # type: ignore[attr-defined]
        theirs = shape(world.truth.floor(partition.number))
        if ours != theirs:
            differing = [name for name in ours if ours[name] != theirs[name]]
            raise BrokenPromiseError(
                "folds_differ", f"{node.name} partition {partition.number}: {differing}"
            )


def shape(floor: Floor) -> Mapping[str, Any]:
    """Return what facts alone make of a floor, without what looking at it changes."""
    return {
        "contacts": {
            key: tuple(getattr(live, name) for name in _CONTACT_FIELDS)
            for key, live in floor.contacts.items()
        },
        "sessions": {
            name: tuple(getattr(session, each) for each in _SESSION_FIELDS)
            for name, session in floor.sessions.items()
        },
        "home": floor.home,
        "map_version": floor.map_version,
        "rules": tuple(getattr(floor.rules, each.name) for each in fields(floor.rules)),
        "stops": floor.stops,
        "withdrawn": floor.withdrawn,
        "gateways": floor.gateways,
        "bindings": {boot_id: astuple(ours) for boot_id, ours in floor.bindings.items()},
        "leaving": list(floor.leaving),
    }


def rows_follow(world: "World") -> None:
    """After a commit: exactly the entries up to the positions are recorded, each once."""
    tables, truth = world.tables, world.truth
    expected = 0
    for tp, position in tables.positions.items():
        log = truth.logs[tp]
        if position.next_offset > len(log.points):
            _fail(world, "recorder_ahead", f"{tp} at {position.next_offset}")
            return
        expected += log.entries[position.next_offset]
        point = log.points[position.next_offset - 1] if position.next_offset else None
        own = position.point and FencePoint(*astuple(position.point))
        if own != point:
            _fail(world, "recorder_place", f"{tp}@{position.next_offset}: {own}, not {point}")
            return
    if len(tables.decisions) != expected:
        _fail(world, "rows_differ", f"{len(tables.decisions)} decisions, the logs hold {expected}")
    elif tables.conflicts:
        _fail(world, "conflict", f"{tables.conflicts[0]}")


def _fail(world: "World", invariant: str, what: str) -> None:
    world.scheduler.failure = BrokenPromiseError(invariant, what)


def unsettled(world: "World") -> str:
    """Say what is still to come before everything is quiet; empty when nothing is."""
    truth = world.truth
    if world.source.unsettled:
        return "the source waits for acknowledgements"
    if truth.open:
        key = next(iter(truth.open))
        return f"{len(truth.open)} releases are open, {key} {truth.open[key]}"
    for tp, count in truth.unreadable.items():
        aside = sum(1 for each in truth.set_aside if each[:2] == tp)
        if aside < count:
            return f"{count - aside} unreadable records of {tp} are not set aside"
    for number in range(PARTITIONS):
        if truth.floor(number).contacts:
            return f"contacts are on floor {number}"
    return _unrecorded(world) or _unowned(world) or without_stream(world)


def _unrecorded(world: "World") -> str:
    for tp, work in world.truth.last_work.items():
        position = world.tables.positions.get(tp)
        if position is None or position.next_offset < work:
            return f"{tp} is not recorded up to {work}"
    missing = set(world.tables.withdrawals) - world.tables.published
    if missing:
        return f"{len(missing)} withdrawals are not published"
    unsaved = [
        name
        for desk in world.desks.values()
        for name, caller in desk.callers.items()
        if caller.unsaved and desk.is_heard(name)
    ]
    return f"outcomes of {unsaved} are not saved" if unsaved else ""


def _unowned(world: "World") -> str:
    for kind in ("router", "dispatcher"):
        nodes = [node for node in world.nodes.values() if node.kind == kind and node.alive]
        for number in range(PARTITIONS):
            roles = [node.decider.partitions[number].role for node in nodes]
            if roles.count(Role.OWNING) != 1:
                return f"{roles.count(Role.OWNING)} {kind}s own partition {number}"
    return ""


def without_stream(world: "World") -> str:
    """Rule 4.7: name a session that counts as present and whose stream no gateway has."""
    doors = [node.gateway.running.sessions for node in world.doors()]
    bindings = {sessions.boot_id: sessions.bindings for sessions in doors}
    for number in range(PARTITIONS):
        for session in world.truth.floor(number).sessions.values():
            if session.is_present:
                there = bindings.get(session.boot_id)
                if there is None or there.of_nonce(session.nonce) is None:
                    return f"{session.session_id} counts as present on floor {number}"
    return ""


def overdue(world: "World") -> str:
    """Name what outstays the limit of its state; asked when all is calm for long."""
    if absent := without_stream(world):
        return absent
    for number in range(PARTITIONS):
        log_ms = world.truth.logs[(topics.FACTS, number)].at_ms
        for key, live in world.truth.floor(number).contacts.items():
            limit_ms = live.wait_until_ms if live.waiting else live.deadline_ms
            if limit_ms and log_ms > limit_ms + _OVERRUN_MS:
                return f"{key} is {live.place.name} for {log_ms - limit_ms} ms too long"
    return ""


def audit(world: "World") -> dict[str, Any]:
    """Run the real audit over the simulated logs and rows."""
    book = InMemoryLogBook(PARTITIONS)
    for topic in (topics.RULINGS, topics.FACTS, CONTACTS):
        for number in range(PARTITIONS):
            book.values[topic, number] = [r.value for r in world.broker.records((topic, number))]
    tables = world.tables
    positions = {tp: Read(at.next_offset, 0) for tp, at in tables.positions.items()}
    routed = world.truth.promises._routed
    rows = [
        Recorded(
            str(state.contact_id), state.release_id, Place.named(state.place),
            At(*state.order[1:]) if state.order.stage is Stage.RULING else None,
            routed.get((str(state.contact_id), state.release_id)),
        )
        for state in tables.states.values()
    ]  # fmt: skip
    clashes = [(str(each.contact_id), each.release_id) for each in tables.conflicts]
    record = InMemoryRecord(positions, rows, clashes)
    handler = AuditHandler(KafkaAuditLogs(book, "intake"), record, lambda _: None)
    return dict(as_json(_now(handler())))


def judge_equation(world: "World") -> dict[str, Any]:
    """Promise 1 and 2: every contact is in exactly one last place."""
    found = audit(world)
    parts = ("finished", "refused", "held", "returned", "open", "lost")
    if found["contacts"] != sum(found[part] for part in parts):
        raise BrokenPromiseError("equation", str({p: found[p] for p in ("contacts", *parts)}))
    for part in ("lost", "doubled", "open", "misrecorded"):
        if found[part]:
            raise BrokenPromiseError(part, f"{found[part]}: {found['strays']} {found['doubles']}")
    return found


def _now(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
