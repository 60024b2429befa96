from collections.abc import Callable
from contextlib import suppress

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from seatline.commands.v1 import commands_pb2 as commands
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters import wishes
from services.gateway.domain.bindings import Binding
from services.gateway.domain.values import Attempt, KeptOutcome, Nonce, SessionId, SignIn, StreamId
from services.runtime.errors import PoisonError
from tests.fakes.scripted_dispatcher import attempt

BOUND = Binding(SessionId("S-1"), Nonce(b"n" * 8), StreamId(1), 0, "C001", ("hi",), generation=4)
REACHED = commands.DISPOSITION_REACHED


def judge(event: wire.ClientEvent) -> object:
    kind = wishes.kind_of(event)
    return wishes.sign_in(event) if kind == "sign_in" else wishes.judged(kind, event)


def sign_in(**changes: object) -> wire.ClientEvent:
    fields = {"centre_id": "C001", "languages": ["hi"], **changes}
    return wire.ClientEvent(session_id="S-1", sign_in=wire.SignInWish(**fields))  # type: ignore[arg-type]


def outcome(**changes: object) -> wire.ClientEvent:
    fields = {"attempt": attempt(), "disposition": REACHED, **changes}
    return wire.ClientEvent(session_id="S-1", outcome=wire.OutcomeWish(**fields))  # type: ignore[arg-type]


def accept(about: commands.Attempt | None) -> wire.ClientEvent:
    return wire.ClientEvent(session_id="S-1", accept=wire.AcceptWish(attempt=about))


def pause(reason: str) -> wire.ClientEvent:
    return wire.ClientEvent(session_id="S-1", pause=wire.PauseWish(reason=reason))


BAD = {
    "no kind": (wire.ClientEvent(session_id="S-1"), "kind", "missing"),
    "no session": (wire.ClientEvent(ready=wire.ReadyWish()), "session_id", "missing"),
    "long session": (
        wire.ClientEvent(session_id="S" * 65, ready=wire.ReadyWish()),
        "session_id",
        "too_long",
    ),
    "no centre": (sign_in(centre_id=""), "sign_in.centre_id", "missing"),
    "long centre": (sign_in(centre_id="C" * 65), "sign_in.centre_id", "too_long"),
    "many languages": (sign_in(languages=["hi"] * 33), "sign_in.languages", "too_many"),
    "long language": (sign_in(languages=["x" * 9]), "sign_in.languages", "too_long"),
    "empty language": (sign_in(languages=[""]), "sign_in.languages", "missing"),
    "odd token": (sign_in(resume_token=b"x" * 7), "sign_in.resume_token", "malformed"),
    "too much kept": (sign_in(kept=[outcome().outcome] * 17), "sign_in.kept", "too_many"),
    "kept of nobody": (
        sign_in(kept=[outcome(attempt=None).outcome]),
        "sign_in.kept.attempt.contact_id",
        "missing",
    ),
    "kept without word": (
        sign_in(kept=[outcome(disposition=0).outcome]),
        "sign_in.kept.disposition",
        "missing",
    ),
    "no pause reason": (pause(""), "pause.reason", "missing"),
    "long pause reason": (pause("r" * 33), "pause.reason", "too_long"),
    "no attempt": (accept(None), "accept.attempt.contact_id", "missing"),
    "long contact": (accept(attempt("K" * 65)), "accept.attempt.contact_id", "too_long"),
    "no attempt number": (accept(attempt(number=0)), "accept.attempt.attempt", "missing"),
    "no disposition": (outcome(disposition=0), "outcome.disposition", "missing"),
    "unknown disposition": (outcome(disposition=99), "outcome.disposition", "unknown"),
    "negative talk": (outcome(talk=Duration(seconds=-1)), "outcome.talk", "malformed"),
    "endless talk": (outcome(talk=Duration(seconds=86_401)), "outcome.talk", "malformed"),
}


@pytest.mark.parametrize(("event", "field", "reason"), BAD.values(), ids=BAD)
def test_a_malformed_wish_names_its_field(event: wire.ClientEvent, field: str, reason: str) -> None:
    with pytest.raises(PoisonError) as refused:
        judge(event)
    assert (refused.value.field, str(refused.value)) == (field, reason)


def test_a_sign_in_is_read_whole() -> None:
    event = sign_in(languages=["hi", "ta"], resume_token=b"t" * 8)
    assert judge(event) == SignIn(SessionId("S-1"), "C001", ("hi", "ta"), b"t" * 8)


def test_a_sign_in_is_read_with_what_its_desk_keeps() -> None:
    kept = outcome(talk=Duration(seconds=2)).outcome
    wish = judge(sign_in(kept=[kept]))
    assert isinstance(wish, SignIn)
    named = Attempt(kept.attempt.contact_id, kept.attempt.release, kept.attempt.attempt)
    assert wish.kept == (KeptOutcome(named, REACHED, 2_000),)


Build = Callable[[], commands.Command]
COMMANDS: dict[str, tuple[wire.ClientEvent, Build]] = {
    "sign_out": (
        wire.ClientEvent(session_id="S-1", sign_out=wire.SignOutWish()),
        lambda: commands.Command(sign_out=commands.SignOut(session_id="S-1", generation=4)),
    ),
    "ready": (
        wire.ClientEvent(session_id="S-1", ready=wire.ReadyWish()),
        lambda: commands.Command(
            make_available=commands.MakeAvailable(session_id="S-1", generation=4)
        ),
    ),
    "pause": (
        pause("lunch"),
        lambda: commands.Command(
            pause=commands.Pause(session_id="S-1", generation=4, reason="lunch")
        ),
    ),
    "accept": (
        accept(attempt()),
        lambda: commands.Command(
            accept_offer=commands.AcceptOffer(session_id="S-1", generation=4, attempt=attempt())
        ),
    ),
    "decline": (
        wire.ClientEvent(session_id="S-1", decline=wire.DeclineWish(attempt=attempt())),
        lambda: commands.Command(
            decline_offer=commands.DeclineOffer(session_id="S-1", generation=4, attempt=attempt())
        ),
    ),
    "hang_up": (
        wire.ClientEvent(session_id="S-1", hang_up=wire.HangUpWish(attempt=attempt())),
        lambda: commands.Command(
            hang_up=commands.HangUp(session_id="S-1", generation=4, attempt=attempt())
        ),
    ),
    "outcome": (
        outcome(talk=Duration(seconds=12)),
        lambda: commands.Command(
            give_outcome=commands.GiveOutcome(
                session_id="S-1",
                attempt=attempt(),
                disposition=REACHED,
                talk=Duration(seconds=12),
                nonce=b"n" * 8,
            )
        ),
    ),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_wish_becomes_its_command(kind: str) -> None:
    event, build = COMMANDS[kind]
    judge(event)
    assert wishes.command(kind, event, BOUND) == build()


def test_every_wish_of_the_contract_is_known() -> None:
    kinds = {field.name for field in wire.ClientEvent.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert kinds == {"sign_in", *COMMANDS}


@given(st.binary(max_size=300))
def test_random_bytes_are_judged_or_refused(value: bytes) -> None:
    try:
        frame = wire.ClientFrame.FromString(value)
    except DecodeError:
        return
    for event in frame.events:
        with suppress(PoisonError):
            judge(event)
