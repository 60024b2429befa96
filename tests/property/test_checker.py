import random

from hypothesis import HealthCheck, settings
from typing_extensions import override

from tests.checker.check import check
from tests.property.test_dispatcher_machine import DispatcherMachine
from tests.support.builders import S
from tests.support.checked_history import WrittenHistory
from tests.support.faults import Spot, copied, spots
from tests.support.written_floor import WrittenFloor

DROPPED = {"queued", "offered", "confirmed", "ended", "returned"}
"""Facts whose absence shows in what follows, with no other witness than the logs."""
REPEATED = DROPPED | {"offer_expired", "offer_declined", "offer_rescinded", "dial_started"}
SPOILT_EACH = 3


class WrittenMachine(WrittenFloor, DispatcherMachine):
    """The random floor of the dispatcher, written down, checked, and checked again when spoilt."""

    @override
    def teardown(self) -> None:
        if not hasattr(self, "core"):
            return
        self.come_to_rest()
        self.passing(12 * S)
        report = check(self.history.recorded().frozen())
        assert report.ok, report.findings.kept
        chance = random.Random(self.made)
        for _ in range(SPOILT_EACH):
            self.check_spoilt(chance)

    def check_spoilt(self, chance: random.Random) -> None:
        history = self.history.copy()
        history.journal.clear()
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
