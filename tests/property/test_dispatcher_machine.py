from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from services.dispatcher.domain import inputs, words
from services.dispatcher.domain.facts import StreamEnded
from services.dispatcher.domain.words import Activity
from tests.support.builders import (
    BOOT,
    CAMPAIGN,
    CENTRE,
    CENTRES,
    HOUR,
    MAX_WAIT,
    MIN,
    OTHER_BOOT,
    OTHER_CENTRE,
    OTHER_SEAT,
    SEAT,
    WRAP_UP,
    S,
    centre_slice,
    contact,
)
from tests.unit.dispatcher.doors import Door
from tests.unit.dispatcher.driven import DrivenFloor

SESSIONS = [f"s{n}" for n in range(4)]
LANGUAGES = ["", "hi", "ta"]
PERSONS = 12
MAPS = [
    *[CENTRES] * 5,
    (centre_slice(CENTRE), centre_slice(OTHER_CENTRE, OTHER_SEAT, SEAT)),
    (centre_slice(CENTRE, SEAT, closed=True), centre_slice(OTHER_CENTRE, OTHER_SEAT)),
    (centre_slice(OTHER_CENTRE, OTHER_SEAT),),
]
STOPS = [
    (words.StopScope.ALL, ""),
    (words.StopScope.CAMPAIGN, CAMPAIGN),
    (words.StopScope.SEAT, SEAT),
    (words.StopScope.CENTRE, OTHER_CENTRE),
]
sessions = st.sampled_from(SESSIONS)
boots = st.sampled_from([BOOT, OTHER_BOOT])
picks = st.integers(0, 999)
mostly = st.sampled_from([True, True, True, False])


class DispatcherMachine(DrivenFloor, RuleBasedStateMachine):
    """Random inputs at random times; promises are checked after every fact."""

    @initialize()
    def open_the_floor(self) -> None:
        self.open(SESSIONS)
        self.doors = {boot_id: Door(boot_id) for boot_id in (BOOT, OTHER_BOOT)}

    # --- contacts and orders ----------------------------------------------------------------------

    @rule(names=st.lists(picks, min_size=1, max_size=6))
    def route_some(self, names: list[int]) -> None:
        for pick in names:
            self.route(pick, "", 5, True, 0, 4 * HOUR)

    @rule(
        pick=picks,
        language=st.sampled_from(LANGUAGES),
        priority=st.integers(4, 6),
        at_home=mostly,
        newer=st.sampled_from([0, 0, 0, 1, -1]),
        allowed_ms=st.sampled_from([10 * S, 36 * S, 4 * HOUR, 4 * HOUR, 4 * HOUR]),
    )
    def route(
        self, pick: int, language: str, priority: int, at_home: bool, newer: int, allowed_ms: int
    ) -> None:
        self.made += 1
        floor = self.core.floor
        homes = sorted(floor.home.items())
        seat_id, centre_id = homes[pick % len(homes)] if at_home and homes else (SEAT, "C999")
        person = f"person {pick % PERSONS}".encode()
        name = f"c{self.made}" if pick % 5 else f"again{pick % 3}"
        routed = contact(
            name, release=self.made, language=language, priority=priority, person_key=person
        )
        allow_until_ms = self.now_ms + allowed_ms
        versions = (max(0, floor.map_version + newer), floor.rules.version - (pick % 7 == 0))
        self.decide(inputs.Routed(routed, seat_id, centre_id, allow_until_ms, *versions))

    @rule(pick=picks, step=st.sampled_from([0, 1, 1]))
    def publish_map(self, pick: int, step: int) -> None:
        version = self.core.floor.map_version + step
        self.decide(inputs.NewMap(version, MAPS[pick % len(MAPS)]))

    @rule(required=st.sampled_from([False, False, True]))
    def publish_policy(self, required: bool) -> None:
        version = self.core.floor.rules.version + 1
        self.decide(inputs.NewPolicy(version, MAX_WAIT, WRAP_UP, required))

    @rule(stop=st.sampled_from(STOPS), pick=picks)
    @precondition(lambda self: self.made > 3)
    def stop(self, stop: tuple[words.StopScope, str], pick: int) -> None:
        if pick % 4 == 0:
            self.decide(inputs.NewStop(*stop))

    @rule()
    @precondition(lambda self: self.core.floor.stops)
    def resume(self) -> None:
        self.lift_all()

    def lift_all(self) -> None:
        for stop in sorted(self.core.floor.stops):
            self.decide(inputs.LiftStop(*stop))

    @rule(pick=picks, kind=st.sampled_from(words.WithdrawalKind))
    def withdraw(self, pick: int, kind: words.WithdrawalKind) -> None:
        if kind is words.WithdrawalKind.RECALL:
            names = sorted(name for name, _ in self.core.floor.contacts) or ["c1"]
            self.decide(inputs.Withdraw(b"", names[pick % len(names)], kind))
        else:
            self.decide(inputs.Withdraw(f"person {pick % PERSONS}".encode(), "", kind))

    # --- callers ----------------------------------------------------------------------------------

    @rule(
        session_id=sessions,
        resumes=st.booleans(),
        repeats=st.sampled_from([False, False, True]),
        centre_id=st.sampled_from([CENTRE, CENTRE, OTHER_CENTRE, OTHER_CENTRE, "C999"]),
        languages=st.lists(st.sampled_from(LANGUAGES[1:]), max_size=2),
        boot_id=boots,
    )
    def sign_in(
        self,
        session_id: str,
        resumes: bool,
        repeats: bool,
        centre_id: str,
        languages: list[str],
        boot_id: bytes,
    ) -> None:
        self.made += 1
        session = self.core.floor.sessions.get(session_id)
        nonce = session.nonces[-1] if session and repeats else f"n{self.made}".encode()
        token = session.nonce if session and resumes else b""
        where = session.centre_id if session and resumes else centre_id
        command = inputs.SignIn(session_id, where, tuple(languages), nonce, token)
        self.decide(command, boot_id)

    @rule(
        session_id=sessions,
        newest=mostly,
        busy=st.booleans(),
        make=st.sampled_from([inputs.SignOut, inputs.MakeAvailable, inputs.Pause]),
    )
    def ask(self, session_id: str, newest: bool, busy: bool, make: Any) -> None:
        holding = sorted(s.session_id for s in self.core.floor.sessions.values() if s.contact)
        session_id = holding[0] if busy and holding else session_id
        session = self.core.floor.sessions.get(session_id)
        generation = (session.generation if session else 1) - (not newest)
        more = ("lunch",) if make is inputs.Pause else ()
        self.decide(make(session_id, generation, *more))

    @rule(session_id=sessions, is_told=mostly)
    def lose_the_stream(self, session_id: str, is_told: bool) -> None:
        session = self.core.floor.sessions.get(session_id)
        nonce = session.nonce if session else b"nobody"
        for door in self.doors.values():
            door.lose(nonce)
        if is_told:
            self.decide(inputs.StreamLost((nonce, b"other")))

    @rule(
        boot_id=boots,
        unread=st.sampled_from([0, 0, 0, 1, 3]),
        late=st.none() | sessions,
        parts=picks,
        lost=st.none() | sessions,
    )
    def compare(
        self, boot_id: bytes, unread: int, late: str | None, parts: int, lost: str | None
    ) -> None:
        """A gateway says what it has; asked for more, it answers, and somebody sits down before."""
        if lost is not None:  # without a word
            self.doors[boot_id].lose(self.core.floor.sessions[lost].nonce)
        self.now_ms += 5 * S
        door = self.doors[boot_id]
        self.decide(door.alive(), boot_id)
        door.read(self.log, unread)
        self.now_ms += 1
        if not unread:
            door.at_ms = self.now_ms  # a heartbeat
        self.decide(door.alive(), boot_id)
        door.read(self.log)
        answers = door.answers(1 + parts % 3)
        if late is not None:
            self.sign_in(late, False, False, CENTRE, [], boot_id)
        bound = frozenset(self.core.floor.by_nonce)
        begun = len(self.log)
        for answer in answers:
            self.decide(answer, boot_id)
        ended = [fact for _, fact in self.log[begun:] if isinstance(fact, StreamEnded)]
        assert {nonce for fact in ended for nonce in fact.nonces} & bound <= door.lost
        if not (unread or late or self.behind):
            present = {
                session.nonce
                for session in self.core.floor.sessions.values()
                if session.boot_id == boot_id and session.is_present
            }
            assert present <= door.held

    @rule(session_id=sessions, pick=picks, interrupt=st.booleans())
    def end_a_session(self, session_id: str, pick: int, interrupt: bool) -> None:
        if pick % 5 == 0:
            self.decide(inputs.EndSession(session_id, interrupt, "by", "why"), b"")

    @rule(pick=picks)
    def hand_a_contact_back(self, pick: int) -> None:
        names = sorted({name for name, _ in self.core.floor.contacts}) or ["c1"]
        self.decide(inputs.ReleaseContact(names[pick % len(names)], "by", "why"), b"")

    @rule(centre_id=st.sampled_from([CENTRE, OTHER_CENTRE]), pick=picks)
    @precondition(lambda self: self.made > 12)
    def drain(self, centre_id: str, pick: int) -> None:
        if pick % 5 == 0:
            self.decide(inputs.DrainCentre(centre_id), b"")

    @rule()
    def open_again(self) -> None:
        """A map that closes nothing, no stop, and every caller seated."""
        if not all(queue.takes for queue in self.core.floor.centres.values()):
            self.decide(inputs.NewMap(self.core.floor.map_version + 1, CENTRES))
        self.lift_all()
        for number, session_id in enumerate(SESSIONS):
            session = self.core.floor.sessions[session_id]
            if session.activity is Activity.OFFLINE:
                centre_id = (CENTRE, OTHER_CENTRE)[number % 2]
                self.sign_in(session_id, False, False, centre_id, ["hi"], BOOT)

    # --- calls ------------------------------------------------------------------------------------

    @rule(
        pick=picks,
        rightly=mostly,
        make=st.sampled_from(
            [inputs.AcceptOffer, inputs.AcceptOffer, inputs.DeclineOffer, inputs.HangUp]
        ),
    )
    def answer(self, pick: int, rightly: bool, make: Any) -> None:
        self.decide(make(*self.attempt_of(pick, rightly)))

    @rule(
        pick=picks, rightly=mostly, refuses=st.sampled_from([None, None, *words.NotUnsealedReason])
    )
    def unseal(self, pick: int, rightly: bool, refuses: words.NotUnsealedReason | None) -> None:
        session_id, generation, attempt = self.attempt_of(pick, rightly)
        live = self.core.floor.contacts.get(attempt.key)
        generation = live.generation if live and rightly else generation
        if refuses is None:
            self.decide(inputs.Unsealing(session_id, generation, attempt))
        else:
            self.decide(inputs.NotUnsealed(session_id, generation, attempt, refuses))

    @rule(steps=st.integers(1, 4))
    @precondition(lambda self: any(live.session_id for live in self.core.floor.contacts.values()))
    def serve(self, steps: int) -> None:
        """Every caller does the next right thing, so often."""
        for _ in range(steps):
            for key in sorted(self.core.floor.contacts):
                live = self.core.floor.contacts.get(key)
                if live is not None and live.session_id:
                    self.serve_one(live)

    @rule(pick=picks, rightly=mostly, disposition=st.sampled_from(words.Disposition))
    def give_outcome(self, pick: int, rightly: bool, disposition: words.Disposition) -> None:
        session_id, _, attempt = self.attempt_of(pick, rightly)
        self.decide(inputs.GiveOutcome(session_id, attempt, disposition, 1, b"asking"))

    # --- time -------------------------------------------------------------------------------------

    @rule(
        ms=st.sampled_from([0, 1, 400, S, 3 * S, 10 * S, 20 * S, 90 * S, 10 * MIN]),
        living=st.sampled_from([*[(BOOT, OTHER_BOOT)] * 5, (BOOT,), ()]),
    )
    def pass_time(self, ms: int, living: tuple[bytes, ...]) -> None:
        """Let time go by in one leap, as after a takeover, with or without signs of life."""
        self.now_ms += ms
        for boot_id in living:
            alive = inputs.Commanded(inputs.GatewayAlive(0), boot_id, self.now_ms)
            self.apply(self.core.decide(alive, self.moment()))
        self.settle()

    @rule()
    def do_what_is_due(self) -> None:
        self.settle()

    @rule(behind=st.sampled_from([False, False, True]), fresh=mostly, prompt=mostly)
    def know(self, behind: bool, fresh: bool, prompt: bool) -> None:
        self.behind, self.fresh, self.prompt = behind, fresh, prompt

    @rule()
    def another_owner_goes_on(self) -> None:
        self.take_over()

    @override
    def teardown(self) -> None:
        if not hasattr(self, "core"):
            return
        self.come_to_rest()


TestDispatcherMachine = DispatcherMachine.TestCase
TestDispatcherMachine.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
