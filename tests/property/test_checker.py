import random

from hypothesis import HealthCheck, settings
from hypothesis.stateful import rule
from typing_extensions import override

from tests.checker.check import check
from tests.property.test_dispatcher_machine import DispatcherMachine
from tests.support.builders import S
from tests.support.checked_history import WrittenHistory
from tests.support.faults import Spot, copied, spots
from tests.support.faults_in_snapshots import change_floor
from tests.support.written_snapshots import SnapshottedFloor

DROPPED = {"queued", "offered", "confirmed", "ended", "returned"}
"""Facts whose absence shows in what follows, with no other witness than the logs."""
REPEATED = DROPPED | {"offer_expired", "offer_declined", "offer_rescinded", "dial_started"}
SPOILT_EACH = 3


class WrittenMachine(SnapshottedFloor, DispatcherMachine):
    """The random floor of the dispatcher, written down, checked, and checked again when spoilt."""

    @rule()
    def look_at_the_floor(self) -> None:
        """Any moment will do: the memory is the fold of the facts, whatever is under way."""
        self.tell()

    @rule()
    def take_a_snapshot(self) -> None:
        """Any moment will do for that, too."""
        self.write_snapshot()

    @rule()
    def be_fenced_out_amid_a_snapshot(self) -> None:
        self.leave_snapshot_undone()

    @override
    def teardown(self) -> None:
        if not hasattr(self, "core"):
            return
        self.come_to_rest()
        self.passing(12 * S)
        self.tell()
        self.write_snapshot()
        self.write_snapshot_of_rulings()
        report = check(self.history.recorded().frozen())
        assert report.ok, report.findings.kept
        assert report.live.partitions == len(self.history.told)
        assert report.snapshots.snapshots >= 2
        chance = random.Random(self.made)
        self.check_forgetful(chance)
        for _ in range(SPOILT_EACH):
            self.check_spoilt(chance)

    def check_forgetful(self, chance: random.Random) -> None:
        """Let a process or a snapshot forget a contact or session that the log knows."""
        history = self.history.copy()
        part = chance.choice(history.told)
        names = [name for name in ("contacts", "sessions") if part[name]]
        forgotten = part[chance.choice(names)]
        forgotten.pop(chance.randrange(len(forgotten)))
        assert check(history.frozen()).findings.counts == {"live_state": 1}
        history = self.history.copy()
        change_floor(history, lambda floor: floor.sessions.pop())
        assert check(history.frozen()).findings.counts == {"snapshot_state": 1}

    def check_spoilt(self, chance: random.Random) -> None:
        history = self.history.copy()
        history.journal.clear()
        history.told.clear()
        history.drop_snapshots()
        counting = counting_spots(history)
        kinds = chance.choice([DROPPED, REPEATED])
        candidates = [spot for spot in counting if spot.fact.WhichOneof("kind") in kinds]
        if not candidates:
            return
        spot = chance.choice(candidates)
        what = f"{'dropped' if kinds is DROPPED else 'repeated'}: {spot.fact}"
        if kinds is DROPPED:
            spot.gone()
        else:
            spot.after(copied(spot.fact))
        assert not check(history.recorded().frozen()).ok, what


def counting_spots(history: WrittenHistory) -> list[Spot]:
    """Leave out what a zombie said."""
    return [spot for spot in spots(history) if spot.fact.returned.contact_id != "ghost"]


TestHistories = WrittenMachine.TestCase
TestHistories.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
