from typing import Any

import asyncpg
import pytest

from services.runtime.errors import TransientError
from services.simulator.adapters.postgres import PostgresRecord


class StuckConnection:
    """Broke amid a question: every later one finds that still under way."""

    terminated = False

    def is_closed(self) -> bool:
        return False

    async def fetch(self, *_: Any, **__: Any) -> list[Any]:
        raise asyncpg.InternalClientError("another operation (2) is in progress")

    def terminate(self) -> None:
        self.terminated = True


async def test_a_connection_that_broke_amid_a_question_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[StuckConnection] = []

    async def connect(*_: Any, **__: Any) -> StuckConnection:
        made.append(StuckConnection())
        return made[-1]

    monkeypatch.setattr(asyncpg, "connect", connect)
    record = PostgresRecord("a server that goes away")
    for _ in range(2):
        with pytest.raises(TransientError, match="Postgres"):
            await record.visible(["c1"])
    assert [each.terminated for each in made] == [True, True]
