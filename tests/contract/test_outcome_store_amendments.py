"""What every `OutcomeStore` promises of words that come in another order than they were said."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.facts.v1 import facts_pb2
from tests.support.recorder_entries import amended, confirmed, ended
from tests.support.recorder_logs import LogWriter, facts_log
from tests.support.recorder_world import FakeWorld, World, assert_same, open_world, record

BUSY = commands_pb2.DISPOSITION_BUSY
REACHED = commands_pb2.DISPOSITION_REACHED
OPT_OUT = commands_pb2.DISPOSITION_OPT_OUT


@pytest.fixture(
    params=["fake", "simulated", pytest.param("postgres", marks=pytest.mark.integration)]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    real = request.param == "postgres"
    dsn = request.getfixturevalue("postgres_server").fresh_database() if real else None
    async with open_world(dsn, simulated=request.param == "simulated") as opened:
        yield opened


def interrupted(number: int = 1) -> facts_pb2.Fact:
    return ended(
        number=number,
        reason=facts_pb2.END_REASON_INTERRUPTED,
        disposition=commands_pb2.DISPOSITION_UNSPECIFIED,
    )


def call_there() -> LogWriter:
    return facts_log(0).write(confirmed()).write(interrupted())


def word_here(
    *dispositions: commands_pb2.Disposition.ValueType, after_ms: int = 9_000
) -> LogWriter:
    log = facts_log(1)
    for disposition in dispositions:
        log.write(amended(disposition), after_ms=after_ms)
    return log


async def outcome(world: World) -> str:
    (row,) = await world.rows("outcome")
    return str(row["disposition"])


async def story(world: World) -> list[tuple[str, str, str | None]]:
    rows = sorted(
        await world.rows("outcome_amendment"),
        key=lambda row: (row["amended_at"], row["partition"], row["record_offset"], row["entry"]),
    )
    return [(row["verdict"], row["disposition"], row["replaced"]) for row in rows]


@pytest.mark.parametrize("batches", [("word", "call"), ("call", "word"), ("both",)])
async def test_a_word_from_another_partition_counts_in_whatever_order_it_is_recorded(
    world: World, batches: tuple[str, ...]
) -> None:
    word, call = word_here(BUSY), call_there()
    logs = {"word": [word], "call": [call], "both": [word, call]}
    for name in batches:
        await record(world.store(), *logs[name])
    assert await outcome(world) == "busy"
    assert await story(world) == [("amended", "busy", "interrupted")]


async def test_of_several_early_words_the_latest_counts_once_the_end_is_recorded(
    world: World,
) -> None:
    await record(world.store(), word_here(REACHED, BUSY, BUSY, OPT_OUT))
    assert {verdict for verdict, _, _ in await story(world)} == {"unmatched"}
    await record(world.store(), call_there())
    assert await outcome(world) == "opt_out"
    assert await story(world) == [
        ("amended", "reached", "interrupted"),
        ("amended", "busy", "reached"),
        ("repeated", "busy", "busy"),
        ("amended", "opt_out", "busy"),
    ]


async def test_an_early_word_on_another_attempt_or_session_stays_unmatched(world: World) -> None:
    strangers = facts_log(1).write(amended(BUSY, number=2), amended(OPT_OUT, session="s-9"))
    await record(world.store(), strangers)
    await record(world.store(), call_there())
    assert await outcome(world) == "interrupted"
    assert [verdict for verdict, _, _ in await story(world)] == ["unmatched", "unmatched"]


async def test_an_early_word_does_not_reach_a_second_end(world: World) -> None:
    await record(world.store(), facts_log(1).write(amended(BUSY, number=2)))
    await record(world.store(), call_there().write(interrupted(number=2)))
    assert await outcome(world) == "interrupted"
    assert len(await world.rows("conflict")) == 1


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_the_order_of_partitions_leaves_no_trace_in_outcomes_and_their_history(
    world: World, order: tuple[int, ...]
) -> None:
    logs = [
        call_there(),
        facts_log(1).write(amended(BUSY), after_ms=2_000).write(amended(BUSY), after_ms=4_000),
        facts_log(2).write(amended(REACHED), after_ms=3_000),
        facts_log(3).write(amended(REACHED, session="s-9")).write(amended(OPT_OUT)),
    ]
    for place in order:
        await record(world.store(), logs[place])
    assert await outcome(world) == "busy"
    whole = FakeWorld()
    await record(whole.store(), *logs)
    await assert_same(world, whole)
