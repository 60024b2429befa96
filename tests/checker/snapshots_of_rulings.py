"""What a snapshot says that the router remembers, held against the rulings below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seatline.rulings.v1 import seen_pb2
from tests.checker.differing import DIFFERENCES_MAX
from tests.checker.fenced import FencedLog
from tests.checker.findings import About, rule
from tests.checker.history import Key, milliseconds
from tests.checker.snapshots import Compared


class Ruled(NamedTuple):
    """When a release was ruled."""

    at_ms: int
    valid_until_ms: int | None
    """None: it was refused. Some that are refused are remembered, others not."""


class Remembered(NamedTuple):
    """What a snapshot says that the router remembers."""

    oldest_ends_ms: int
    """End of the oldest slice: what was ruled from then on lies in later ones."""
    ends_ms: Mapping[Key, int]
    """End of the slice that a release lies in."""


@rule("1.8, 3.3")
def snapshot_seen(release: Key, ruled: Ruled | None, ends_ms: int | None) -> str | None:
    """A snapshot remembers what was ruled, and nothing else, while a repeat could be routed."""
    name = f"{release[0]} release {release[1]}"
    if ruled is None:
        return f"{name} is remembered, and was never ruled on"
    if ends_ms is None:
        return f"{name} was ruled on at {ruled.at_ms}, and is not remembered"
    if ends_ms <= ruled.at_ms:
        return f"{name} was ruled on {ruled.at_ms - ends_ms} ms after its slice ends"
    return None


@dataclass(frozen=True, slots=True)
class SeenJudge:
    """Compares the releases that a router remembers."""

    ruled: Mapping[Key, Ruled]
    reader: FencedLog
    compared: Compared

    def keep(self) -> tuple[Mapping[Key, Ruled], int]:
        """Return what was ruled until now, and the time of the log."""
        return dict(self.ruled), self.reader.at_ms

    def read(self, states: Sequence[bytes]) -> Remembered:
        """Return what chunks say.

        Raises:
            DecodeError, ValueError: They cannot be read.
        """
        ends: list[int] = []
        remembered: dict[Key, int] = {}
        for state in states:
            for part in seen_pb2.SeenChunk.FromString(state).slices:
                ends_ms = milliseconds(part.ends_at)
                if not part.HasField("ends_at") or ends_ms < max(ends, default=0):
                    raise ValueError("slices out of order")
                ends.append(ends_ms)
                for name in filter(None, part.keys.decode().split("\n")):
                    contact_id, _, release = name.rpartition("/")
                    remembered[contact_id, int(release)] = ends_ms
        return Remembered(min(ends, default=0), remembered)

    def compare(
        self, about: About, kept: tuple[Mapping[Key, Ruled], int], told: Remembered
    ) -> None:
        """Hold what is remembered against what was ruled, and the other way round."""
        ruled, at_ms = kept
        needed = (key for key, each in ruled.items() if _is_needed(each, at_ms, told))
        broken = 0
        for key in dict.fromkeys((*told.ends_ms, *needed)):
            narrowed = about._replace(contact_id=key[0], release=key[1])
            given = (key, ruled.get(key), told.ends_ms.get(key))
            broken += self.reader.found.ask(snapshot_seen, narrowed, *given)
            if broken >= DIFFERENCES_MAX:
                break
        self.compared.releases += len(told.ends_ms)


def _is_needed(ruled: Ruled, at_ms: int, told: Remembered) -> bool:
    """Tell whether a repeat would be valid, or it was ruled in a slice that must be there."""
    if ruled.valid_until_ms is None:
        return False
    is_recent = bool(told.oldest_ends_ms) and ruled.at_ms >= told.oldest_ends_ms
    return ruled.valid_until_ms >= at_ms or is_recent
