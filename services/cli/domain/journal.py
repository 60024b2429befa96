"""Hear what simulated callers and senders wrote down, as a witness outside of logs and Postgres."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CONTACTS = "seatline.contacts.v1"
INTAKE = "seatline.intake.v1"

Entry = Mapping[str, Any]
"""A line of the journal; `kind` says what it is."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number that was shown twice, or too late."""

    contact_id: str
    release: int
    why: str


class Witness:
    """Keeps what was acknowledged until it is found, and whom each number was shown to."""

    def __init__(self) -> None:
        self._sought: set[str] = set()
        self._foreign: set[tuple[int, int]] = set()
        self._shown: dict[tuple[str, int], tuple[str, int]] = {}
        self._doubles: list[Shown] = []

    def hear(self, entry: Entry) -> None:
        """Note a line.

        Raises:
            ValueError: A field of it is missing or of another type.
        """
        try:
            if entry["kind"] == "acknowledged":
                self._acknowledged(str(entry["contact"]), entry["at"])
            elif entry["kind"] == "number":
                self._number(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{error.args[0] if error.args else error}: cannot be read") from error

    def found(self, contact_id: str) -> None:
        """Note that a contact is in the contacts log."""
        self._sought.discard(contact_id)

    def missing(self) -> Iterator[str]:
        """Name the contacts that Kafka acknowledged and that are not in its log."""
        yield from sorted(self._sought)

    def missing_foreign(self, ends: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        """Name the foreign records that Kafka acknowledged beyond the ends of its log."""
        for partition, offset in sorted(self._foreign):
            if offset >= ends.get(partition, 0):
                yield partition, offset

    def doubles(self) -> Iterator[Shown]:
        """Name the numbers that two callers saw, or one saw too late."""
        yield from self._doubles

    def _acknowledged(self, contact_id: str, at: Any) -> None:
        topic, partition, offset = str(at[0]), int(at[1]), int(at[2])
        if topic == CONTACTS:
            self._sought.add(contact_id)
        elif topic == INTAKE:
            self._foreign.add((partition, offset))

    def _number(self, entry: Entry) -> None:
        contact_id, release, attempt = entry["attempt"]
        by = (str(entry["session"]), int(attempt))
        first = self._shown.setdefault((contact_id, release), by)
        if first != by:
            why = f"shown to {first[0]} (attempt {first[1]}) and to {by[0]} (attempt {by[1]})"
            self._doubles.append(Shown(contact_id, release, why))
        if entry["dialled"] and entry["wall_ms"] > entry["dial_by_ms"]:
            why = f"dialled by {by[0]} after dial_by"
            self._doubles.append(Shown(contact_id, release, why))
