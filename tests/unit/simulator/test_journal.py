from pathlib import Path

import pytest

from services.simulator.adapters.journal import FileJournal, read
from services.simulator.domain.calls import Attempt
from tests.fakes.simulator import FakeTicks


def test_what_was_written_is_read_back_with_both_times(tmp_path: Path) -> None:
    ticks = FakeTicks(mono=12.5)
    path = tmp_path / "logs" / "journal.ndjson"
    with FileJournal(path, ticks) as journal:
        journal.write("offer", session="s1", attempt=Attempt("c-1", 1, 2))
        journal.write("saved", session="s1")
    first, second = read(path)
    assert first == {
        "kind": "offer",
        "mono_ms": 12.5,
        "wall_ms": ticks.wall_ms(),
        "session": "s1",
        "attempt": ["c-1", 1, 2],
    }
    assert second["kind"] == "saved"


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, FakeTicks())
    with pytest.raises(OSError, match="directory"), journal:
        journal.write("offer")
