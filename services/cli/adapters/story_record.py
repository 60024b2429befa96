"""Recorded decisions, as lines of a story."""

import asyncpg

from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from services.cli.adapters.fenced import Bookmark
from services.cli.adapters.map_codec import newer_versions
from services.cli.adapters.postgres_record import connected, sql
from services.cli.adapters.story_codec import told_fact, told_ruling
from services.cli.adapters.topics import RULINGS
from services.cli.domain.story import Told
from services.runtime.fenced_log.header import FencePoint

_FATES = {
    "release": "to be released again",
    "later": "in the bank until it is due",
    "human": "only a human releases it",
    "sender": "its sender has to send it again",
}
DECISIONS_MAX = 2_000
"""Newest decisions that a story tells."""


async def read_bookmarks(dsn: str) -> dict[tuple[str, int], Bookmark]:
    """Return how far the recorder has come in each fenced log, as places to go on from.

    Raises:
        StackAwayError: Postgres does not answer.
    """
    async with connected(dsn) as connection:
        rows = await connection.fetch(sql("bookmarks"))
    return {(row["topic"], row["partition"]): _bookmark(row) for row in rows}


async def read_orders_in_force(dsn: str) -> dict[int, tuple[int, int]]:
    """Return the versions of map and policy that are recorded as in force, by partition.

    Raises:
        StackAwayError: Postgres does not answer.
    """
    async with connected(dsn) as connection:
        rows = await connection.fetch(sql("orders_in_force"))
    in_force: dict[int, tuple[int, int]] = {}
    for row in rows:
        known = in_force.get(row["partition"], (0, 0))
        fact = facts_pb2.Fact.FromString(row["payload"])
        in_force[row["partition"]] = newer_versions(fact, known)
    return in_force


class PostgresStory:
    """Reads the decisions on a contact or a session."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def of_contact(self, contact_id: str) -> list[Told]:
        """Return what was decided on a contact; see `StoryRecord.of_contact`."""
        told = await self._told("story_of_contact", contact_id)
        async with connected(self._dsn) as connection:
            lost = await connection.fetch(sql("story_of_recovery"), contact_id)
        return [*told, *map(_recovered, lost)]

    async def of_session(self, session_id: str) -> list[Told]:
        """Return what was decided on a session; see `StoryRecord.of_session`."""
        return await self._told("story_of_session", session_id)

    async def _told(self, statement: str, subject: str) -> list[Told]:
        async with connected(self._dsn) as connection:
            rows = await connection.fetch(sql(statement), subject, DECISIONS_MAX)
        return [_told(row) for row in rows]


def _told(row: asyncpg.Record) -> Told:
    at_ms = round(row["at"].timestamp() * 1000)
    log = row["topic"].split(".")[1]
    where = f"{log}/{row['partition']}@{row['log_offset']}[{row['entry']}]"
    if row["log_offset"] < 0:
        # Numbered on through all lost logs: its offset in its own would not tell which one.
        where = f"{log}/{row['partition']}@{row['record_offset']}[{row['entry']}], lost"
    if row["topic"] == RULINGS:
        return told_ruling(rulings_pb2.Ruling.FromString(row["payload"]), at_ms, where)
    return told_fact(facts_pb2.Fact.FromString(row["payload"]), at_ms, where)


def _recovered(row: asyncpg.Record) -> Told:
    """Tell that the logs were lost, and what that made of the contact."""
    becomes = _FATES[row["fate"]]
    if row["new_release"] is not None:
        becomes = f"released again as {row['new_release']}"
    session = f" with session {row['session_id']}" if row["session_id"] else ""
    return Told(
        round(row["begun_at"].timestamp() * 1000),
        f"recovery/{row['recovery_id']}@0[0]",
        "returned",
        f"all logs were lost while it was {row['place']}{session}: {becomes}",
        row["release_id"],
        {"reason": becomes, "place": row["place"], "fate": row["fate"]},
    )


def _bookmark(row: asyncpg.Record) -> Bookmark:
    point = None
    if row["epoch"] is not None:
        point = FencePoint(int(row["epoch"]), row["owner"], int(row["seq"]))
    return Bookmark(row["next_offset"], point)
