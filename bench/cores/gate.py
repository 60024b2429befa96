"""The router's gate with everything on: the map of 225 centres, silence windows, withdrawals."""

import random
import time
from collections.abc import Sequence

from services.router.domain.contact import (
    CampaignId,
    Contact,
    ContactId,
    PersonKey,
    SeatId,
    SegmentId,
)
from services.router.domain.policy import Span, policy_rules
from services.router.domain.ruling import Routed
from services.router.domain.seat_table import Centre, CentreId, Seat, seat_table
from services.router.domain.withdrawals import Withdrawal, WithdrawalKind
from services.router.handlers import Orders, RulingHandler
from services.runtime.fenced_log.core import Moment
from services.simulator.adapters.files import map_file, territory

HOUR_MS = 3_600_000
NOW_MS = 1_770_010_200_000
"""11:00 in Kolkata on an ordinary day."""
WITHDRAWN = 10_000
_DEDUPE_MS = 24 * HOUR_MS
_SEALED = b"x" * 120


class OpenGate:
    """Rules on contacts of all seats, every one of which may be called."""

    def __init__(self, contacts: int, seed: int = 1) -> None:
        """Draw so many contacts."""
        land = territory(map_file(225))
        orders = Orders(policy_offset_ms=0)
        centres = (Centre(CentreId(c.centre_id), 0, False, frozenset()) for c in land.centres)  # noqa: FBT003
        seats = (Seat(SeatId(s.seat_id), CentreId(s.centre_id), ()) for s in land.seats)
        orders.new_map(seat_table(1, centres, seats))
        far = Span(NOW_MS + 48 * HOUR_MS, NOW_MS + 96 * HOUR_MS)
        silences = [(SeatId(seat.seat_id), far) for seat in land.seats]
        orders.new_policy(policy_rules(1, "Asia/Kolkata", (9 * HOUR_MS, 21 * HOUR_MS), silences))
        for number in range(WITHDRAWN):
            person = PersonKey((2**64 + number).to_bytes(16, "big"))
            orders.withdraw(Withdrawal(WithdrawalKind.OPT_OUT, person, ContactId("")))
        self._handler = RulingHandler(orders, _DEDUPE_MS)
        chance = random.Random(seed)
        ids = [SeatId(seat.seat_id) for seat in land.seats]
        self._contacts: Sequence[Contact] = [
            _contact(number, chance.choice(ids)) for number in range(contacts)
        ]

    def rule_on_all(self) -> float:
        """Rule on every contact once; return contacts a second.

        Raises:
            RuntimeError: One was not routed: something else than the open gate was measured.
        """
        moment = Moment(NOW_MS, NOW_MS, True, False, NOW_MS, NOW_MS)  # noqa: FBT003 - fresh
        handler = self._handler
        routed = 0
        began_s = time.process_time()
        for contact in self._contacts:
            rulings = handler.decide(contact, moment)
            handler.evolve(rulings, NOW_MS)
            routed += isinstance(rulings[0].outcome, Routed)
        took_s = time.process_time() - began_s
        if routed != len(self._contacts):
            raise RuntimeError(f"{len(self._contacts) - routed} contacts were not routed")
        return routed / took_s


def _contact(number: int, seat_id: SeatId) -> Contact:
    return Contact(
        ContactId(f"c{number}"),
        1,
        NOW_MS + HOUR_MS,
        PersonKey(number.to_bytes(16, "big")),
        seat_id,
        SegmentId(""),
        "hi",
        5,
        CampaignId("bench"),
        None,
        _SEALED,
    )
