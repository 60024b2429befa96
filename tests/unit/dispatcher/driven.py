"""A floor driven by hand: every step is held to the laws, every fact goes into the journal."""

from collections.abc import Sequence
from typing import Any

from services.dispatcher.domain import inputs, words
from services.dispatcher.domain.facts import Attempt, Fact
from services.dispatcher.domain.floor import LiveContact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.words import Activity
from services.dispatcher.handlers import FloorHandler
from tests.support.builders import BOOT, MIN, START_MS, S, signed_in
from tests.support.scenario import FLOOR, STEPS_MAX, At
from tests.unit.dispatcher.laws import Journal, check, check_nobody_waits, dump


class DrivenFloor:
    """The loop of an owner without its log: decide, apply, look at what is due."""

    def open(self, session_ids: Sequence[str]) -> None:
        self.core = FloorHandler(Limits())
        self.journal = Journal()
        self.log: list[tuple[int, Fact]] = []
        self.now_ms = self.judged_ms = START_MS
        self.behind, self.fresh, self.prompt = False, True, True
        self.made = 0
        for fact in (*FLOOR, *map(signed_in, session_ids)):
            self.apply([fact])

    def moment(self) -> At:
        """While behind, time is judged a minute back at most and never falls."""
        lag_ms = MIN if self.behind else 0
        self.judged_ms = max(self.judged_ms, self.now_ms - lag_ms)
        read_to = self.judged_ms, self.now_ms
        return At(self.judged_ms, self.now_ms, self.fresh, self.behind, *read_to)

    def apply(self, decided: Any) -> None:
        for fact in decided:
            self.log.append((self.now_ms, fact))
            self.journal.read(fact, self.now_ms)
        self.core.evolve(decided, self.now_ms)

    def decide(self, item: Any, boot_id: bytes = BOOT) -> None:
        if isinstance(item, inputs.Command):
            item = inputs.Commanded(item, boot_id, self.moment().now_ms)
        before = dump(self.core.floor)
        decided = self.core.decide(item, self.moment())
        assert dump(self.core.floor) == before
        self.apply(decided)
        check(self.core.floor)
        if self.prompt:
            self.settle()

    def settle(self) -> None:
        moment = self.moment()
        for _ in range(STEPS_MAX):
            before = dump(self.core.floor)
            decided = self.core.due(moment)
            assert dump(self.core.floor) == before
            if not decided:
                if moment.fresh and not moment.behind:
                    check_nobody_waits(self.core.floor)
                return
            self.apply(decided)
            check(self.core.floor)
        raise AssertionError("never quiet")

    def attempt_of(self, pick: int, rightly: bool) -> tuple[str, int, Attempt]:
        held = sorted(
            (live.key, live) for live in self.core.floor.contacts.values() if live.session_id
        )
        if not held:
            return "s0", 1, Attempt("c1", 1, 1)
        _, live = held[pick % len(held)]
        session = self.core.floor.sessions[live.session_id]
        if rightly:
            return live.session_id, session.generation, live.current
        return f"s{pick % 4}", pick % 3, Attempt(*live.key, live.attempt + pick % 2)

    def serve_one(self, live: LiveContact) -> None:
        generation = self.core.floor.sessions[live.session_id].generation
        named = (live.session_id, generation, live.current)
        if live.place is words.Place.OFFERED:
            self.decide(inputs.AcceptOffer(*named))
        elif live.place is words.Place.CONFIRMED:
            self.decide(inputs.Unsealing(live.session_id, live.generation, live.current))
        elif live.place is words.Place.ON_CALL:
            self.decide(inputs.HangUp(*named))
        else:
            reached = words.Disposition.REACHED
            self.decide(inputs.GiveOutcome(live.session_id, live.current, reached, 1, b"asking"))

    def take_over(self) -> None:
        """Another owner folds the log and goes on."""
        heir = FloorHandler(Limits())
        for at_ms, fact in self.log:
            heir.evolve([fact], at_ms)
        assert dump(heir.floor) == dump(self.core.floor)
        self.core = heir

    def come_to_rest(self) -> None:
        """When nothing more comes, everything is moved on with a reason."""
        self.behind, self.fresh = False, True
        for ms in (0, *[S] * 20, *[20 * S] * 30, *[10 * MIN] * 40):
            self.now_ms += ms
            self.settle()
        floor = self.core.floor
        assert not self.journal.live
        assert not floor.contacts
        assert {s.activity for s in floor.sessions.values()} <= {Activity.OFFLINE}
        rest = (floor.awaiting, floor.leaving, floor.emptying, floor.forgettable, floor.gateways)
        assert not any(rest)
        assert not floor.by_person
        assert not floor.by_nonce
        self.take_over()
        assert not self.core.due(self.moment())
