"""Tell what was decided on a contact or a session, where it stands, and what it waits for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Detail = str | int | bool | None

ON_CALL_MINUTES_MAX = 60
PLACE_AFTER = {
    "arrived": "unread",
    "routed": "routed",
    "held": "held",
    "refused": "refused",
    "queued": "queued",
    "offered": "offered",
    "offer_expired": "queued",
    "offer_declined": "queued",
    "offer_rescinded": "queued",
    "confirmed": "confirmed",
    "dial_started": "on_call",
    "call_ended": "wrap_up",
    "returned": "returned",
    "ended": "ended",
}
ACTIVITY_AFTER = {
    "offered": "offered",
    "offer_expired": "available",
    "offer_declined": "available",
    "offer_rescinded": "available",
    "confirmed": "on_call",
    "dial_started": "on_call",
    "call_ended": "wrap_up",
    "ended": "available",
    "signed_out": "offline",
    "session_paused": "paused",
    "session_available": "available",
    "session_draining": "draining",
    "session_gone": "gone",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened."""

    at_ms: int
    """Broker time, milliseconds since the Unix epoch."""
    where: str
    """Place in the logs: `facts/3@17[2]`."""
    kind: str
    text: str
    release: int | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    """Codes, versions and limits; limits are milliseconds since the epoch and end in `_ms`."""
    recorded: bool = True
    """False: read from the log, as the recorder has not come so far."""


@dataclass(frozen=True, slots=True)
class Story:
    """The whole of it."""

    told: Sequence[Told]
    place: str
    waits_for: str
    limits: Mapping[str, Detail]
    partition: int = 0
    """Partition of facts that has it now, or will have."""


def of_contact(told: Sequence[Told]) -> Story:
    """Order what happened to a contact and say where its newest release stands."""
    ordered = _ordered(told)
    known = [entry.release for entry in ordered if entry.release is not None]
    newest = max(known, default=None)
    moves = [
        entry
        for entry in ordered
        if entry.kind in PLACE_AFTER and entry.release == newest and not _arrival_only(entry)
    ]
    # A repeat in the log arrives later and moves nothing.
    decided = [entry for entry in moves if entry.kind != "arrived"] or moves
    letter = _letter_instead(ordered, decided)
    if letter is not None:
        return Story(ordered, *_AT_LETTER[letter.kind](letter), {})
    if not decided:
        return Story(ordered, "unknown", "nothing: it was never seen here", {})
    last = decided[-1]
    partition = last.details.get("partition") if last.kind == "routed" else _partition(last)
    limits = _limits(decided)
    waits = _WAITS[last.kind](decided)
    return Story(ordered, PLACE_AFTER[last.kind], waits, limits, int(partition or 0))


def _letter_instead(ordered: Sequence[Told], decided: Sequence[Told]) -> Told | None:
    """Return the newest word on a dead letter, where the contact stands still for it."""
    words = [entry for entry in ordered if "letter" in entry.details]
    if not words or words[-1].kind not in _AT_LETTER:
        return None
    last = decided[-1] if decided else None
    before = _UNDECIDED_AFTER.get(str(words[-1].details["input"]).partition("/")[0], ())
    stands = last is None or (last.kind in before and last.at_ms <= words[-1].at_ms)
    return words[-1] if stands else None


def of_session(told: Sequence[Told]) -> Story:
    """Order what happened to a session and say what it does and waits for."""
    ordered = _ordered(told)
    moves = [e for e in ordered if e.kind in ACTIVITY_AFTER or e.kind == "signed_in"]
    if not moves:
        return Story(ordered, "unknown", "nothing: it was never seen here", {})
    last = moves[-1]
    activity = ACTIVITY_AFTER.get(last.kind) or str(last.details.get("activity") or "available")
    waits = _SESSION_WAITS.get(activity, "nothing: it is not signed in")
    # Of sign-ins in two partitions the last one stands (rule 4.6); an old one may not be told.
    signed_in = [e for e in moves if e.kind == "signed_in"] or moves
    return Story(ordered, activity, waits, _limits(moves[-1:]), _partition(signed_in[-1]))


def _ordered(told: Sequence[Told]) -> list[Told]:
    """Order by time; what the record and the tail both hold is told once."""
    once = {(entry.where, entry.kind): entry for entry in reversed(told)}.values()
    by_clock = sorted(once, key=lambda e: (e.at_ms, _stage(e), _numbers(e.where)))
    effects = _first_effects(by_clock)
    placed: list[tuple[int, int, int, Told]] = []
    for number, entry in enumerate(by_clock):
        # Only the first of its kind is a cause; a repeat stays where its clock puts it.
        at_ms = min(entry.at_ms, effects.pop((entry.release, _stage(entry)), entry.at_ms))
        placed.append((at_ms, _stage(entry), number, entry))
    return [entry for *_, entry in sorted(placed, key=lambda place: place[:3])]


def _stage(entry: Told) -> int:
    """Number what must follow each other: arrival, ruling, facts."""
    if entry.kind == "arrived":
        return 0
    return 1 if entry.kind in ("routed", "held", "refused") else 2


def _first_effects(told: Sequence[Told]) -> dict[tuple[int | None, int], int]:
    """Return by release and stage when its first effect came: it cannot have come after that.

    Each log has a clock of its own, and they differ by milliseconds.
    """
    effects: dict[tuple[int | None, int], int] = {}
    for entry in told:
        if entry.release is not None and not _arrival_only(entry):
            for cause in range(_stage(entry)):
                effects.setdefault((entry.release, cause), entry.at_ms)
    return effects


def _partition(entry: Told) -> int:
    return _numbers(entry.where)[1][0]


def _numbers(where: str) -> tuple[str, tuple[int, ...]]:
    log, _, rest = where.partition("/")
    digits = "".join(char if char.isdigit() else " " for char in rest)
    return log, tuple(int(number) for number in digits.split())


def _arrival_only(entry: Told) -> bool:
    """Tell whether a refusal touches only a repeated arrival, not the contact (rule 2.3)."""
    reasons = ("duplicate", "recorded")
    return entry.kind == "refused" and entry.details.get("reason") in reasons


def _limits(moves: Sequence[Told]) -> dict[str, Detail]:
    limits: dict[str, Detail] = {}
    for entry in moves:
        limits.update({k: v for k, v in entry.details.items() if k.endswith("_ms")})
    last = moves[-1].details
    if "not_before_ms" not in last:
        # An earlier offer's lease or dial limit is over.
        kept = {"allow_until_ms", "valid_until_ms"} | {k for k in last if k.endswith("_ms")}
        limits = {k: v for k, v in limits.items() if k in kept}
    return limits


def _of(moves: Sequence[Told], name: str, default: str = "?") -> str:
    values = [entry.details[name] for entry in moves if entry.details.get(name) not in (None, "")]
    return str(values[-1]) if values else default


def _queued(moves: Sequence[Told]) -> str:
    language = _of(moves, "language", "")
    speaking = f" who serves in {language}" if language else ""
    return (
        f"a ready caller of centre {_of(moves, 'centre_id')}{speaking}; it goes back to the bank "
        "when the policy's longest wait or the time before its last moment is over"
    )


def _ended(moves: Sequence[Told]) -> str:
    if moves[-1].details.get("not_before_ms") is not None:
        return "nothing: it has ended; no new release before its limit"
    return "nothing: it has ended"


def _held(moves: Sequence[Told]) -> str:
    if moves[-1].details.get("until_ms") is not None:
        return f"the end of its hold ({_of(moves[-1:], 'reason')}); then it is due again"
    return f"an event ({_of(moves[-1:], 'reason')}); then it is due again"


def _back_in_queue(moves: Sequence[Told]) -> str:
    return _queued(moves)


_WAITS = {
    "arrived": lambda _: "the router to read it",
    "routed": lambda m: f"the dispatcher of partition {_of(m, 'partition')} to read its ruling",
    "held": _held,
    "refused": lambda m: f"nothing: this release was refused ({_of(m[-1:], 'reason')})",
    "queued": _queued,
    "offered": lambda m: f"the answer of session {_of(m, 'session_id')}, until the lease ends",
    "offer_expired": _back_in_queue,
    "offer_declined": _back_in_queue,
    "offer_rescinded": _back_in_queue,
    "confirmed": lambda m: (
        f"the gateway to show the number to session {_of(m, 'session_id')}, until dial_by"
    ),
    "dial_started": lambda m: (
        f"the end of the call of session {_of(m, 'session_id')}, at most "
        f"{ON_CALL_MINUTES_MAX} minutes"
    ),
    "call_ended": lambda m: (
        f"the disposition from session {_of(m, 'session_id')}, until its wrap-up ends"
    ),
    "returned": lambda m: f"the feeder to release it again ({_of(m[-1:], 'reason')})",
    "ended": _ended,
}

_UNDECIDED_AFTER = {"contacts": ("arrived",), "rulings": ("routed",)}
"""By the log of an input that was set aside: after what a contact stands still for it."""

_AT_LETTER: dict[str, Callable[[Told], tuple[str, str]]] = {
    "set_aside": lambda e: ("dead", f"a hand: see `seatline dead show {e.details['letter']}`"),
    "requeue_begun": lambda e: ("dead", f"{e.details['ordered_by']}, who sends it again"),
    "letter_dropped": lambda e: ("dropped", f"nothing: {e.details['ordered_by']} gave it up"),
}
"""Place, and what it waits for, by the newest word on its letter."""

_SESSION_WAITS = {
    "available": "a contact of its centre that it may serve",
    "offered": "its own answer, until the lease ends",
    "on_call": "the end of its call",
    "wrap_up": "its disposition, until the wrap-up ends",
    "paused": "its own return, until the pause's limit; then it drains",
    "draining": "the end of what it does; then it is signed out",
    "gone": "its stream to come back with its token; else its call is interrupted",
}
