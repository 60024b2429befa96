"""Where a contact can be, and the sightings from which an audit tells its place."""

import enum
from dataclasses import dataclass
from typing import NamedTuple


class Place(enum.IntEnum):
    """Place of a (contact, release), in the order of its life."""

    NOWHERE = 0
    """Seen by no reader: lost, unless its arrival is still unread."""
    UNREAD = 1
    DEAD = 2
    """Set aside with a reason, waiting for a hand."""
    DROPPED = 3
    """Set aside, and given up by a hand."""
    HELD = 4
    REFUSED = 5
    ROUTED = 6
    QUEUED = 7
    OFFERED = 8
    CONFIRMED = 9
    ON_CALL = 10
    WRAP_UP = 11
    RETURNED = 12
    ENDED = 13

    @classmethod
    def named(cls, name: str) -> "Place":
        """Return the place that `contact_state.place` calls so.

        Raises:
            ValueError: There is no such place.
        """
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(f"place: {name!r} is none of the places known here") from None

    @property
    def word(self) -> str:
        """Name for people and for Postgres."""
        return self.name.lower()


TERMINAL = frozenset({Place.RETURNED, Place.ENDED})
"""A release leaves its dispatcher once, by one of these."""


class At(NamedTuple):
    """An entry of a record: ordered as the log is within a partition."""

    partition: int
    offset: int
    entry: int


class Read(NamedTuple):
    """How far a partition was read: the next entry is `entry` of the record at `offset`."""

    offset: int
    entry: int


@dataclass(frozen=True, slots=True)
class Step:
    """A fact that moved a (contact, release)."""

    contact_id: str
    release: int
    place: Place
    at: At


@dataclass(frozen=True, slots=True)
class SetAside:
    """An input that was skipped for good after it failed three times."""

    topic: str
    at: At


class Fate(enum.Enum):
    """What became of an input of which a dead letter tells."""

    WAITS = "waits"
    DROPPED = "dropped"
    REQUEUED = "requeued"
    """It counts where its copy is."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record of a fenced log that counts by the reader rule (rule 1.4)."""

    topic: str
    partition: int
    inputs: tuple[tuple[str, int, Read], ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of the recorder: what Postgres holds of a (contact, release)."""

    contact_id: str
    release: int
    place: Place
    ruling: At | None = None
    """Its ruling; None when the recorder knows only facts of it."""
    dispatcher: int | None = None
    """Partition of its centre, once routed."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry of `seatline.contacts.v1`."""

    contact_id: str
    release: int
    at: At
    source: tuple[int, int] | None = None
    """Partition and offset of the foreign record that it was made from."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A partition of `seatline.intake.v1` at the moment of the audit."""

    partition: int
    start: int
    """Oldest offset kept."""
    end: int
    done: int
    """Offset below which intake has committed."""
