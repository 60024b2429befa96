"""A clean day of one partition: every kind of way that a contact can go, and a takeover."""

from functools import cache

from seatline.rulings.v1 import rulings_pb2
from services.dispatcher.domain import inputs, words
from services.dispatcher.domain.words import Disposition
from tests.support.builders import (
    HOUR,
    MAX_WAIT,
    OTHER_CENTRE,
    OTHER_SEAT,
    START_MS,
    S,
    accept,
    contact,
    decline,
    hang_up,
    not_unsealed,
    outcome,
    routed,
    sign_in,
    stream_lost,
    unsealing,
    withdraw,
)
from tests.support.checked_history import WrittenHistory
from tests.support.written_floor import VALID_MS
from tests.support.written_snapshots import SnapshottedFloor

CALLERS = ["s1", "s2", "s3"]
HELD = 16
"""So many that the router's snapshot has several chunks."""


class CleanDay(SnapshottedFloor):
    """Written by the dispatcher's own core, step by step."""

    def write(self) -> WrittenHistory:
        self.open(CALLERS)
        self.hold_and_refuse()
        self.call()
        self.decline_miss_and_withdraw()
        self.never_dial()
        self.take_back()
        self.give_orders()
        self.write_snapshot()
        self.tell()  # it stands still after that, and another takes over
        self.leave_snapshot_undone()
        self.call_late()
        self.call_again()
        self.leave_and_wait()
        self.write_snapshot()
        self.write_snapshot_of_rulings()
        self.tell()
        return self.history

    def route(self, contact_id: str, **changes: object) -> None:
        allow_until = changes.pop("allow_until", 4 * HOUR)
        assert isinstance(allow_until, int)
        until = self.now_ms + allow_until - START_MS
        self.decide(routed(contact_id, allow_until=until, **changes))

    def holder(self, contact_id: str, release: int = 1) -> str:
        return self.core.floor.contacts[contact_id, release].session_id

    def hold_and_refuse(self) -> None:
        for name in ("held", "no-place", *(f"held-{n}" for n in range(HELD))):
            made = self.ruling(self.arrive(contact(name), self.now_ms + VALID_MS))
            if name != "no-place":
                made.held.reason = rulings_pb2.HELD_REASON_CALLING_HOURS
            else:
                made.refused.reason = rulings_pb2.REFUSED_REASON_UNKNOWN_SEAT
                made.contact.sealed = b""
            self.rule(made)
        again = self.ruling(self.arrive(contact("held"), self.now_ms + VALID_MS))
        again.refused.reason = rulings_pb2.REFUSED_REASON_DUPLICATE
        self.rule(again)

    def dial(self, contact_id: str, release: int = 1) -> str:
        session_id = self.holder(contact_id, release)
        live = self.core.floor.contacts[contact_id, release]
        self.decide(inputs.AcceptOffer(session_id, live.generation, live.current))
        self.passing(S)
        self.decide(inputs.Unsealing(session_id, live.generation, live.current))
        return session_id

    def call(self) -> None:
        self.route("called")
        session_id = self.dial("called")
        self.passing(4 * S)
        self.decide(hang_up("called", session_id))
        self.passing(2 * S)
        self.decide(outcome("called", session_id, Disposition.NO_ANSWER))
        self.decide(outcome("called", session_id, Disposition.REACHED))

    def decline_miss_and_withdraw(self) -> None:
        self.route("declined")
        self.decide(decline("declined", self.holder("declined")))
        again = self.holder("declined")
        self.decide(accept("declined", again, 2))
        self.decide(unsealing("declined", again, 2))
        self.decide(outcome("declined", again, Disposition.OPT_OUT, number=2))
        self.route("missed")
        self.passing(20 * S)
        self.decide(withdraw("missed"))

    def never_dial(self) -> None:
        self.route("silent")
        session_id = self.holder("silent")
        # Before its accept it announces nothing.
        self.decide(unsealing("silent", session_id))
        self.decide(accept("silent", session_id))
        self.passing(18 * S)

    def take_back(self) -> None:
        self.route("stopped")
        session_id = self.holder("stopped")
        self.decide(accept("stopped", session_id))
        self.decide(not_unsealed("stopped", session_id, words.NotUnsealedReason.STOPPED))
        self.decide(stream_lost("s3"))
        self.decide(sign_in("s3", 2, resume_token=b"s3/1"))

    def give_orders(self) -> None:
        self.route("handed-back")
        self.decide(inputs.ReleaseContact("handed-back", "Asha", "asked for"), b"")
        self.decide(inputs.EndSession("s3", False, "Asha", "her desk hangs"), b"")
        self.decide(sign_in("s3", 3))

    def call_late(self) -> None:
        """An accept in time is written when its lease is over: commands were behind."""
        self.route("late", allow_until=36 * S)
        session_id = self.holder("late")
        self.passing(19 * S)
        accepted_ms = self.now_ms
        self.behind = True
        self.judged_ms = accepted_ms
        self.now_ms += 6 * S
        live = self.core.floor.contacts["late", 1]
        self.decide(inputs.AcceptOffer(session_id, live.generation, live.current))
        self.decide(inputs.GatewayAlive(0))
        self.behind = False
        self.decide(inputs.Unsealing(session_id, live.generation, live.current))
        self.decide(outcome("late", session_id))

    def call_again(self) -> None:
        for release in (1, 2):
            self.route("redialled", release=release)
            session_id = self.dial("redialled", release)
            named = self.core.floor.contacts["redialled", release].current
            given = Disposition.BUSY
            self.decide(inputs.GiveOutcome(session_id, named, given, 1, b"asking"))
            self.passing(S)

    def leave_and_wait(self) -> None:
        """Two wait where nobody sits: one until its time is over, one goes on waiting."""
        nobody = {"centre_id": OTHER_CENTRE, "seat_id": OTHER_SEAT}
        self.route("returned", **nobody)
        self.passing(MAX_WAIT + 10 * S)
        self.route("waiting", **nobody)
        self.route("on-call")
        self.dial("on-call")
        self.route("rings")
        self.passing(2 * S)


@cache
def _written() -> WrittenHistory:
    return CleanDay().write().recorded()


def clean_day() -> WrittenHistory:
    """Give a copy, to be spoilt."""
    return _written().copy()
