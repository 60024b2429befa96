"""Connect the commands to a stack: the only place that names adapters.

Imports are local, so that a command pays only for what it uses.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.cli.adapters.endpoints import Endpoints, read_endpoints
from services.cli.errors import NotDoneError, StackAwayError
from services.runtime.clock import SystemClock

if TYPE_CHECKING:
    from services.cli.adapters.kafka_log_book import KafkaLogBook
    from services.cli.adapters.stop_log import Past
    from services.cli.domain.orders import Order
    from services.cli.domain.reigns import InputName, Reign
    from services.cli.domain.scope import Scope
    from services.cli.domain.story import Story
    from services.cli.handlers.audit import Audited
    from services.cli.handlers.dead import DeadHandler
    from services.cli.handlers.hand import HandHandler, Handled, HandWish
    from services.cli.handlers.ownership import Asking, DecidersLog, Moved, Skipped
    from services.cli.handlers.publish import Published, Wish
    from services.cli.handlers.recover import Assessment
    from services.cli.handlers.recover import Wish as RecoverWish
    from services.cli.handlers.stop import Stopped, StopWish
    from services.cli.ports.maps import InUse
    from services.cli.ports.orders import Standing
    from services.cli.ports.recovery import Summary

Progress = Callable[[str], None]
POSTGRES_S = 1.0
"""So long may Postgres hold up a stop; without it is not known what was in force before."""


async def audit(state: Path, journal: Path | None, progress: Progress) -> "Audited":
    """Audit the stack of a folder."""
    from services.cli.adapters.audit_logs import KafkaAuditLogs
    from services.cli.adapters.journal_file import read_journal
    from services.cli.adapters.postgres_record import PostgresRecord
    from services.cli.adapters.topics import INTAKE_GROUP
    from services.cli.handlers.audit import AuditHandler

    witness = None if journal is None else read_journal(journal)
    stack = _stack(state)
    with _book(stack) as book:
        logs = KafkaAuditLogs(book, INTAKE_GROUP)
        return await AuditHandler(logs, PostgresRecord(stack.postgres), progress)(witness)


def check(state: Path, journal: Path | None, within_s: float, progress: Progress) -> dict[str, Any]:
    """Have the independent checker look at the stack of a folder."""
    from services.cli.adapters import checker

    _stack(state)
    progress("checking")
    return checker.check(state, journal, within_s)


async def explain(state: Path, subject: str, *, session: bool, progress: Progress) -> "Story":
    """Tell the story of a contact or session."""
    from services.cli.adapters.recorded_ids import recorded_text
    from services.cli.adapters.story_logs import LogStory
    from services.cli.adapters.story_record import PostgresStory, read_bookmarks
    from services.cli.handlers.explain import ExplainHandler

    stack = _stack(state)
    bookmarks = await read_bookmarks(stack.postgres)
    with _book(stack) as book:
        record = PostgresStory(stack.postgres)
        handler = ExplainHandler(LogStory(book, bookmarks), record, progress)
        tell = handler.session if session else handler.contact
        return await tell(recorded_text(subject))


async def publish(state: Path, wish: "Wish") -> "Published":
    """Publish a map; where no dispatcher runs there is nobody to wait for."""
    from services.cli.adapters.map_log import KafkaMapLog
    from services.cli.adapters.story_record import read_bookmarks, read_orders_in_force
    from services.cli.handlers.publish import PublishHandler

    stack = _stack(state)
    wish = replace(wish, wait=wish.wait and not wish.dry_run and stack.dispatchers > 0)
    # Bookmarks first: what is recorded between the two questions is then read twice, not never.
    bookmarks = await read_bookmarks(stack.postgres) if wish.wait else {}
    in_force = await read_orders_in_force(stack.postgres) if wish.wait else {}
    with _book(stack) as book:
        return PublishHandler(KafkaMapLog(book, bookmarks, in_force))(wish)


def in_use(state: Path) -> "InUse":
    """Read the map and policy in use."""
    from services.cli.adapters.map_log import KafkaMapLog

    with _book(_stack(state)) as book:
        return KafkaMapLog(book, {}).in_use()


@contextmanager
def dead(state: Path, progress: Progress) -> Iterator["DeadHandler"]:
    """Give what lists, requeues and drops the dead letters of a stack."""
    from services.cli.adapters.dead_log import KafkaDeadLog
    from services.cli.adapters.kafka_appends import KafkaAppends
    from services.cli.adapters.originals import LogOriginals
    from services.cli.adapters.postgres_standing import PostgresStandings
    from services.cli.adapters.stack_key import opened_by
    from services.cli.handlers.dead import DeadHandler

    stack = _stack(state)
    appends = KafkaAppends(stack.kafka)
    with _book(stack) as book:
        yield DeadHandler(
            log=KafkaDeadLog(book, appends),
            originals=LogOriginals(book, opened_by(Path(stack.key_file))),
            standings=PostgresStandings(stack.postgres),
            appended=appends.append_all,
            clock=SystemClock(),
            progress=progress,
        )


def owners(state: Path) -> "dict[str, Mapping[int, Reign]]":
    """Read who owns each partition of the deciders' logs."""
    from services.cli.adapters.reign_logs import KafkaReigns
    from services.cli.adapters.topics import FACTS, RULINGS

    with _book(_stack(state)) as book:
        reigns = KafkaReigns(book)
        return {topic: reigns.now(topic) for topic in (RULINGS, FACTS)}


def move_partition(
    state: Path, log: "DecidersLog", partition: int, to_slot: str, asking: "Asking"
) -> "Moved":
    """Give a partition to another slot."""
    from services.cli.adapters.reign_logs import KafkaReigns
    from services.cli.adapters.slot_pages import SlotPages
    from services.cli.handlers.ownership import MovePartitionHandler

    stack = _stack(state)
    slots = SlotPages(stack.slots, stack.pids, stack.health)
    with _book(stack) as book:
        handler = MovePartitionHandler(KafkaReigns(book), slots)
        return handler(log, partition, to_slot, asking)


def skip(state: Path, log: "DecidersLog", name: "InputName", asking: "Asking") -> "Skipped":
    """Have an input set aside."""
    from services.cli.adapters.reign_logs import KafkaReigns
    from services.cli.handlers.ownership import SkipHandler

    with _book(_stack(state)) as book:
        return SkipHandler(KafkaReigns(book))(log, name, asking)


async def recover(
    state: Path,
    wish: "RecoverWish",
    agreed: Callable[["Assessment"], bool],
    progress: Progress,
    *,
    start: bool,
) -> tuple["Assessment", "Summary | None"]:
    """Recover a stack from Postgres: start what that needs, and the whole of it afterwards.

    Args:
        state: State folder.
        wish: What the operator wants.
        agreed: Asked before anything is changed; says whether to do it.
        progress: Told each step.
        start: Whether to start the whole stack, if this one began anew.
    """
    from services.cli.adapters.stack_commands import StackCommands
    from services.cli.handlers.recover import State

    commands = StackCommands(state)
    wish = replace(wish, running=commands.running())
    with commands.servers() as started:
        found, done = await _recover(_stack(state), wish, agreed, progress)
    if done is not None and start and (started or found.state in (State.LOST, State.BEGUN)):
        progress("starting the stack")
        commands.down()
        commands.up()
    return found, done


async def _recover(
    stack: Endpoints,
    wish: "RecoverWish",
    agreed: Callable[["Assessment"], bool],
    progress: Progress,
) -> tuple["Assessment", "Summary | None"]:
    from services.cli.adapters.new_logs import KafkaNewLogs
    from services.cli.adapters.postgres_recovery import recovering
    from services.cli.handlers.recover import RecoverHandler, State

    now = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC)
    with _book(stack) as book:
        async with recovering(stack.postgres) as store:
            handler = RecoverHandler(store, KafkaNewLogs(stack.kafka, book), progress)
            found = await handler.assess(wish, now)
            if found.state is State.NOTHING_LOST or not agreed(found):
                return found, None
            return found, await handler(wish, found, now)


async def stop(state: Path, wish: "StopWish") -> "Stopped":
    """Stop or resume a scope; Postgres may be away, as an emergency is not held up for it."""
    from services.cli.adapters.stop_log import KafkaStopLog
    from services.cli.handlers.stop import StopHandler

    stack = _stack(state, ("kafka",))
    wish = replace(wish, wait=wish.wait and not wish.dry_run and stack.dispatchers > 0)
    with _book(stack) as book:
        return StopHandler(KafkaStopLog(book, await _past(stack, book)))(wish)


async def stops(state: Path) -> "tuple[Standing, Mapping[Scope, frozenset[int]] | None]":
    """Read the stops that are ordered, and where each is in force; None when that is not known."""
    from services.cli.adapters.stop_log import KafkaStopLog

    stack = _stack(state, ("kafka",))
    with _book(stack) as book:
        past = await _past(stack, book)
        log = KafkaStopLog(book, past)
        return log.standing(), log.applied() if past.is_known else None


async def release(state: Path, contact_id: str, wish: "HandWish") -> "Handled":
    """Hand a contact back to the bank."""
    async with _hand(state) as handler:
        return await handler.release(contact_id, wish)


async def end_session(
    state: Path, session_id: str, wish: "HandWish", *, interrupt: bool
) -> "Handled":
    """End a caller session."""
    async with _hand(state) as handler:
        return await handler.end_session(session_id, wish, interrupt=interrupt)


async def journal(state: Path, since_ms: int, limit: int, progress: Progress) -> "list[Order]":
    """List operators' orders."""
    from services.cli.adapters.order_logs import KafkaOrderLogs, PostgresOrders
    from services.cli.adapters.story_record import read_bookmarks
    from services.cli.handlers.journal import JournalHandler

    stack = _stack(state)
    bookmarks = await read_bookmarks(stack.postgres)
    with _book(stack) as book:
        logs = KafkaOrderLogs(book, bookmarks)
        return await JournalHandler(logs, PostgresOrders(stack.postgres), progress)(since_ms, limit)


@asynccontextmanager
async def _hand(state: Path) -> "AsyncIterator[HandHandler]":
    from services.cli.adapters.hand_log import KafkaHandLog
    from services.cli.adapters.story_logs import LogStory
    from services.cli.adapters.story_record import PostgresStory, read_bookmarks
    from services.cli.handlers.hand import HandHandler

    stack = _stack(state)
    bookmarks = await read_bookmarks(stack.postgres)
    with _book(stack) as book:
        logs, record = LogStory(book, bookmarks), PostgresStory(stack.postgres)
        yield HandHandler(logs, record, KafkaHandLog(book, bookmarks))


async def _past(stack: Endpoints, book: "KafkaLogBook") -> "Past":
    from services.cli.adapters.order_logs import read_stops
    from services.cli.adapters.stop_log import Past, past_unknown
    from services.cli.adapters.story_record import read_bookmarks

    try:
        async with asyncio.timeout(POSTGRES_S):
            # Bookmarks first: what is recorded in between is then read twice, not never.
            bookmarks = await read_bookmarks(stack.postgres)
            return Past(bookmarks, await read_stops(stack.postgres))
    except (TimeoutError, NotDoneError):
        return past_unknown(book)


def _stack(state: Path, parts: Sequence[str] = ("kafka", "postgres")) -> Endpoints:
    stack = read_endpoints(state)
    for part in parts:
        if not getattr(stack, part):
            raise StackAwayError(f"{state}: {part}: this stack runs without it")
    return stack


@contextmanager
def _book(stack: Endpoints) -> Iterator["KafkaLogBook"]:
    from services.cli.adapters.kafka_log_book import KafkaLogBook

    book = KafkaLogBook(stack.kafka)
    try:
        yield book
    finally:
        book.close()
