import threading
from typing import Any

import asyncpg
import pytest

from tests.chaos.board import Board
from tests.chaos.watching import RecordWatch


class Connection:
    """Breaks amid its first question; every later one would find that still under way."""

    made: int = 0
    looked = threading.Event()

    def __init__(self) -> None:
        Connection.made += 1

    async def fetch(self, *_: Any, **__: Any) -> list[Any]:
        if Connection.made == 1:
            raise asyncpg.InternalClientError("another operation (2) is in progress")
        Connection.looked.set()
        return []

    def terminate(self) -> None:
        pass


def test_a_look_that_breaks_amid_an_answer_is_taken_for_an_absence_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def connect(*_: Any, **__: Any) -> Connection:
        return Connection()

    monkeypatch.setattr(asyncpg, "connect", connect)
    with RecordWatch("a server that goes away", Board(1, lambda _: None)):
        assert Connection.looked.wait(10)
    assert Connection.made == 2
