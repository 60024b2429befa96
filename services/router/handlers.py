"""Load, decide, apply: the rules of `domain` behind the interface of the fenced log."""

from collections.abc import Mapping, Sequence

from services.router.domain.contact import Contact
from services.router.domain.dedupe import Seen, evolve
from services.router.domain.gate import View, rule_on
from services.router.domain.policy import PolicyRules
from services.router.domain.ruling import Ruling
from services.router.domain.seat_table import SeatTable
from services.router.domain.stops import Scoped, Stops
from services.router.domain.withdrawals import Suppressions, Withdrawal
from services.router.ports import Moment


class Orders:
    """Map, policy, stops and withdrawals as live as they were read; shared by all partitions.

    They are no part of the positions: a ruling in the log is final whatever they become (rule 3.2).
    """

    def __init__(self, policy_offset_ms: int) -> None:
        self._policy_offset_ms = policy_offset_ms
        self._seats: SeatTable | None = None
        self._policy: PolicyRules | None = None
        self._stops = Stops()
        self._suppressions = Suppressions()
        self.view: View | None = None
        """None until both a map and a policy are known."""

    def new_map(self, seats: SeatTable) -> None:
        """Rule by a seat map from now on; an older one than ours changes nothing."""
        if self._seats is None or seats.version > self._seats.version:
            self._seats = seats
            self._look()

    def new_policy(self, policy: PolicyRules) -> None:
        """Rule by a policy from now on; an older one than ours changes nothing."""
        if self._policy is None or policy.version > self._policy.version:
            self._policy = policy
            self._look()

    def stop(self, scoped: Scoped) -> None:
        """Hold what the scope covers."""
        self._stops = self._stops.stopped(scoped)
        self._look()

    def resume(self, scoped: Scoped) -> None:
        """Hold it no longer."""
        self._stops = self._stops.resumed(scoped)
        self._look()

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Refuse a person or contact for good."""
        self._suppressions.apply(withdrawal)

    def _look(self) -> None:
        if self._seats is not None and self._policy is not None:
            self.view = View(
                self._seats,
                self._policy,
                self._stops,
                self._suppressions,
                self._policy_offset_ms,
            )


class RulingHandler:
    """The rulings of one partition, driven by the log alone."""

    def __init__(self, orders: Orders, dedupe_window_ms: int) -> None:
        self._orders = orders
        self.seen = Seen(dedupe_window_ms)
        self.unwanted: Mapping[int, float] = {}
        """What was not wanted when this was asked last."""

    def evolve(self, entries: Sequence[Ruling], at_ms: int) -> None:
        """Remember what was ruled."""
        evolve(self.seen, entries, at_ms)

    def decide(self, item: Contact, moment: Moment) -> Sequence[Ruling]:
        """Give a contact exactly one ruling."""
        view = self._orders.view
        if view is None:
            raise RuntimeError("asked to rule without a map or a policy")
        self.unwanted = moment.unwanted
        return (rule_on(item, moment.written_at_ms, view, self.seen, moment.unwanted),)

    def due(self, moment: Moment) -> Sequence[Ruling]:
        """Do nothing: time alone rules on nobody."""
        del moment
        return ()

    def admits(self, topic: str, moment: Moment) -> bool:
        """Rule on nothing while map, policy, stops or withdrawals are unknown or stale (2.3)."""
        del topic
        return moment.fresh and self._orders.view is not None
