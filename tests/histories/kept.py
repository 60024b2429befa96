"""A kept history: one xz file of lines, read as the checker reads a stack."""

import base64
import json
import lzma
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.checker.history import INTAKE, History, Log, Record, Rows
from tests.checker.stack import TOPICS

FOLDER = Path(__file__).parent
SUFFIX = ".history.xz"


@dataclass
class KeptHistory:
    """All logs of a run, and what its callers wrote down; without a database."""

    partitions: int = 0
    rows: Rows | None = None
    logs: dict[Log, list[Record]] = field(default_factory=lambda: defaultdict(list))
    entries: list[Mapping[str, Any]] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)

    def end(self, log: Log) -> int:
        records = self.logs.get(log)
        return records[-1].offset + 1 if records else 0

    def records(self, log: Log) -> Iterator[Record]:
        return iter(self.logs.get(log, ()))

    def intake_done(self) -> Mapping[int, int]:
        return self.done

    def answers(self) -> tuple[()]:
        return ()

    def journal(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.entries)


def kept() -> dict[str, Path]:
    """Find the histories that are kept, by their names."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted(FOLDER.glob(f"*{SUFFIX}"))}


def load(path: Path) -> KeptHistory:
    """Read a kept history."""
    history = KeptHistory()
    with lzma.open(path, "rt", encoding="ascii") as file:
        head = json.loads(next(file))
        history.partitions = head["partitions"]
        history.done = {int(number): done for number, done in head["intake_done"].items()}
        for line in file:
            told = json.loads(line)
            if isinstance(told, dict):
                history.entries.append(told)
            else:
                topic, number, offset, appended_at_ms, value = told
                record = Record(offset, appended_at_ms, base64.b64decode(value))
                history.logs[topic, number].append(record)
    return history


def save(history: History, path: Path) -> int:
    """Write a history down and give the size of the file."""
    with lzma.open(path, "wt", encoding="ascii", preset=9 | lzma.PRESET_EXTREME) as file:
        done = {str(number): done for number, done in history.intake_done().items()}
        head = {"partitions": history.partitions, "intake_done": done}
        file.write(json.dumps(head) + "\n")
        for line in _lines(history):
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return path.stat().st_size


def _lines(history: History) -> Iterator[Any]:
    for topic in TOPICS:
        for number in range(history.partitions):
            if topic == INTAKE and number not in history.intake_done():
                continue
            for record in history.records((topic, number)):
                value = base64.b64encode(record.value).decode()
                yield [topic, number, record.offset, record.appended_at_ms, value]
    yield from history.journal()
