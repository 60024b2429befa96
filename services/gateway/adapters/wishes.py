"""Wishes of the desks: judged field by field, then written as commands. Decides nothing else."""

from collections.abc import Callable

from google.protobuf.duration_pb2 import Duration

from seatline.commands.v1 import commands_pb2 as commands
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.domain.bindings import Binding
from services.gateway.domain.values import NONCE_BYTES, Attempt, KeptOutcome, SessionId, SignIn
from services.runtime.errors import PoisonError

ID_CHARS_MAX = 64
EVENTS_MAX = 500
LANGUAGES_MAX = 16
KEPT_MAX = 16
LANGUAGE_CHARS_MAX = 8
PAUSE_REASON_CHARS_MAX = 32
TALK_S_MAX = 24 * 3600


def kind_of(event: wire.ClientEvent) -> str:
    """Return the name of the wish, after judging what every wish has.

    Raises:
        PoisonError: The kind or the session id is missing or too long; `field` names it.
    """
    kind = event.WhichOneof("kind")
    if kind is None:
        raise PoisonError("missing", "kind")
    _judge_id(event.session_id, "session_id")
    return kind


def sign_in(event: wire.ClientEvent) -> SignIn:
    """Return a judged sign-in wish.

    Raises:
        PoisonError: A field is missing, too long or outside its range; `field` names it.
    """
    wish = event.sign_in
    _judge_id(wish.centre_id, "sign_in.centre_id")
    if len(wish.languages) > LANGUAGES_MAX:
        raise PoisonError("too_many", "sign_in.languages")
    for language in wish.languages:
        _judge_text(language, LANGUAGE_CHARS_MAX, "sign_in.languages")
    if len(wish.resume_token) not in (0, NONCE_BYTES):
        raise PoisonError("malformed", "sign_in.resume_token")
    if len(wish.kept) > KEPT_MAX:
        raise PoisonError("too_many", "sign_in.kept")
    return SignIn(
        session_id=SessionId(event.session_id),
        centre_id=wish.centre_id,
        languages=tuple(wish.languages),
        resume_token=wish.resume_token,
        kept=tuple(map(_kept, wish.kept)),
    )


def _kept(outcome: wire.OutcomeWish) -> KeptOutcome:
    _judge_attempt(outcome.attempt, "sign_in.kept")
    _judge_outcome(outcome, "sign_in.kept")
    named = outcome.attempt
    return KeptOutcome(
        Attempt(named.contact_id, named.release, named.attempt),
        outcome.disposition,
        outcome.talk.ToMilliseconds(),
    )


def judged(kind: str, event: wire.ClientEvent) -> commands.Attempt | None:
    """Judge the fields of a wish other than a sign-in; return the attempt that it is about.

    Raises:
        PoisonError: A field is missing, too long or outside its range; `field` names it.
    """
    if kind == "pause":
        _judge_text(event.pause.reason, PAUSE_REASON_CHARS_MAX, "pause.reason")
    if kind in _WITHOUT_ATTEMPT:
        return None
    wish = getattr(event, kind)
    _judge_attempt(wish.attempt, kind)
    if kind == "outcome":
        _judge_outcome(event.outcome, kind)
    attempt: commands.Attempt = wish.attempt
    return attempt


def command(kind: str, event: wire.ClientEvent, binding: Binding) -> commands.Command:
    """Return the command of a judged wish of a bound session."""
    return _COMMANDS[kind](event, binding)


_WITHOUT_ATTEMPT = frozenset({"sign_out", "ready", "pause"})

_COMMANDS: dict[str, Callable[[wire.ClientEvent, Binding], commands.Command]] = {
    "sign_out": lambda _, by: commands.Command(
        sign_out=commands.SignOut(session_id=by.session_id, generation=by.generation)
    ),
    "ready": lambda _, by: commands.Command(
        make_available=commands.MakeAvailable(session_id=by.session_id, generation=by.generation)
    ),
    "pause": lambda event, by: commands.Command(
        pause=commands.Pause(
            session_id=by.session_id, generation=by.generation, reason=event.pause.reason
        )
    ),
    "accept": lambda event, by: commands.Command(
        accept_offer=commands.AcceptOffer(
            session_id=by.session_id, generation=by.generation, attempt=event.accept.attempt
        )
    ),
    "decline": lambda event, by: commands.Command(
        decline_offer=commands.DeclineOffer(
            session_id=by.session_id, generation=by.generation, attempt=event.decline.attempt
        )
    ),
    "hang_up": lambda event, by: commands.Command(
        hang_up=commands.HangUp(
            session_id=by.session_id, generation=by.generation, attempt=event.hang_up.attempt
        )
    ),
    # By attempt and session, never by generation (rule 4.8).
    "outcome": lambda event, by: commands.Command(
        give_outcome=commands.GiveOutcome(
            session_id=by.session_id,
            attempt=event.outcome.attempt,
            disposition=event.outcome.disposition,
            talk=event.outcome.talk,
            nonce=by.nonce,
        )
    ),
}


def _judge_attempt(attempt: commands.Attempt, field: str) -> None:
    _judge_id(attempt.contact_id, f"{field}.attempt.contact_id")
    if attempt.attempt == 0:
        raise PoisonError("missing", f"{field}.attempt.attempt")


def _judge_outcome(wish: wire.OutcomeWish, field: str) -> None:
    if wish.disposition == commands.DISPOSITION_UNSPECIFIED:
        raise PoisonError("missing", f"{field}.disposition")
    if wish.disposition not in commands.Disposition.values():
        raise PoisonError("unknown", f"{field}.disposition")
    if not _is_talk_time(wish.talk):
        raise PoisonError("malformed", f"{field}.talk")


def _is_talk_time(talk: Duration) -> bool:
    return 0 <= talk.seconds <= TALK_S_MAX and 0 <= talk.nanos < 10**9


def _judge_id(value: str, field: str) -> None:
    _judge_text(value, ID_CHARS_MAX, field)


def _judge_text(value: str, chars_max: int, field: str) -> None:
    if not value:
        raise PoisonError("missing", field)
    if len(value) > chars_max:
        raise PoisonError("too_long", field)
