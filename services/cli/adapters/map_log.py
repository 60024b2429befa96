"""The map log, and the dispatchers' word on it in the facts."""

from collections.abc import Mapping

from seatline.map.v1 import map_pb2
from services.cli.adapters.fenced import Bookmark, Counting, following
from services.cli.adapters.log_book import LogBook
from services.cli.adapters.map_codec import (
    map_record,
    newer_versions,
    policy_of,
    policy_record,
    seat_map_of,
)
from services.cli.adapters.order_codec import parsed
from services.cli.adapters.topics import FACTS, MAP, MAP_KEY, POLICY_KEY
from services.cli.domain.policy import Policy
from services.cli.domain.seat_map import SeatMap
from services.cli.errors import NotDoneError
from services.cli.ports.maps import InUse
from services.cli.ports.signature import Signature


class KafkaMapLog:
    """Publishes orders and waits until they are in force."""

    def __init__(
        self,
        book: LogBook,
        bookmarks: Mapping[tuple[str, int], Bookmark],
        in_force: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        """Use a book.

        Args:
            book: Where to read and append.
            bookmarks: By topic and partition, from before the order: where to look for its effect.
            in_force: By partition, versions of map and policy in force before its bookmark.
        """
        self._book = book
        self._bookmarks = bookmarks
        self._in_force = in_force or {}

    def partition_count(self) -> int:
        """Return the stack's partitions; see `MapLog.partition_count`."""
        return len(self._book.bounds(FACTS))

    def in_use(self) -> InUse:
        """Read the newest map and policy; see `MapLog.in_use`."""
        newest: dict[str, map_pb2.MapRecord] = {}
        for arrived in self._book.read(MAP, self._book.bounds(MAP)):
            record = parsed(arrived)
            kind = record.WhichOneof("kind")
            if kind is None:
                raise NotDoneError(
                    f"{MAP}@{arrived.offset}: an order of a kind that this version does not "
                    "know: upgrade this command"
                )
            newest[kind] = record
        seat_map, policy = newest.get("seat_map"), newest.get("policy")
        return InUse(
            map_version=seat_map.seat_map.version if seat_map else 0,
            seat_map=seat_map_of(seat_map.seat_map) if seat_map else None,
            policy_version=policy.policy.version if policy else 0,
            policy=policy_of(policy.policy) if policy else None,
        )

    def publish_map(self, version: int, seat_map: SeatMap, signature: Signature) -> None:
        """Append a map; see `MapLog.publish_map`."""
        self._book.append(MAP, MAP_KEY, map_record(version, seat_map, signature))

    def publish_policy(self, version: int, policy: Policy, signature: Signature) -> None:
        """Append a policy; see `MapLog.publish_policy`."""
        self._book.append(MAP, POLICY_KEY, policy_record(version, policy, signature))

    def applied(self, map_version: int, policy_version: int, within_s: float) -> frozenset[int]:
        """Wait until the versions are in force everywhere; see `MapLog.applied`."""
        reached = {n: self._in_force.get(n, (0, 0)) for n in self._book.bounds(FACTS)}
        wanted = (map_version, policy_version)
        follow = following(self._book, FACTS, reached, self._bookmarks, within_s)
        while not all(_covers(versions, wanted) for versions in reached.values()):
            judged = next(follow, None)
            if judged is None:
                break
            number = judged.arrived.partition
            reached[number] = _versions(judged, reached[number])
        return frozenset(n for n, versions in reached.items() if _covers(versions, wanted))


def _covers(versions: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return versions[0] >= wanted[0] and versions[1] >= wanted[1]


def _versions(judged: Counting, versions: tuple[int, int]) -> tuple[int, int]:
    for fact in judged.facts:
        versions = newer_versions(fact, versions)
    return versions
