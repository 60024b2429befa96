"""Fix at creation what a stack is for good, and refuse to run it as anything else."""

import base64
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, cast

from services.stack.errors import StackError
from services.stack.layout import Layout, read_json, write_json

MODES = ("rehearsal", "live")
Mode = Literal["rehearsal", "live"]

REHEARSAL_POLICY_TIME = "2026-02-10T11:00:00+05:30"
"""A weekday noon in Asia/Kolkata that is far from any poll and inside calling hours."""

DEFAULT_PARTITIONS = 2
"""Each costs records and requests of its own; there are never more owners (ADR 0012)."""
MAX_PARTITIONS = 256
BROKER_COUNTS = (1, 3)


@dataclass(frozen=True)
class Wish:
    """Say what the stack should be; None takes what it already is, or the default."""

    mode: str | None = None
    partitions: int | None = None
    brokers: int | None = None
    policy_time: str | None = None


@dataclass(frozen=True)
class Identity:
    """Hold what a stack was created as."""

    mode: Mode
    partitions: int
    brokers: int
    policy_time: str
    """What the policy clock showed when the stack was created; empty on a live one."""
    policy_offset_s: int
    """Seconds to add to broker time to get policy time; 0 on a live stack."""
    cluster_id: str
    directory_ids: tuple[str, ...]
    """One for each broker: how KRaft recognises a voter's disk."""


def load(layout: Layout) -> Identity | None:
    """Read what the stack is, or None before its creation."""
    stored = read_json(layout.identity)
    if not stored:
        return None
    return Identity(**{**stored, "directory_ids": tuple(stored["directory_ids"])})


def open_or_create(layout: Layout, wish: Wish, now: datetime) -> Identity:
    """Give the stack's identity, creating it from the wish if there is none.

    Raises:
        StackError: The wish is impossible, or differs from what the stack is.
    """
    _check(wish)
    existing = load(layout)
    if existing is not None:
        _refuse_another(layout, existing, wish)
        return existing
    _refuse_used_folder(layout)
    created = _create(wish, now)
    layout.state.mkdir(parents=True, exist_ok=True)
    write_json(layout.identity, asdict(created))
    return created


def _create(wish: Wish, now: datetime) -> Identity:
    mode = cast("Mode", wish.mode or "rehearsal")
    policy_time = "" if mode == "live" else (wish.policy_time or REHEARSAL_POLICY_TIME)
    offset = datetime.fromisoformat(policy_time) - now if policy_time else now - now
    brokers = wish.brokers or 1
    return Identity(
        mode=mode,
        partitions=wish.partitions or DEFAULT_PARTITIONS,
        brokers=brokers,
        policy_time=policy_time,
        policy_offset_s=round(offset.total_seconds()),
        cluster_id=_kraft_id(),
        directory_ids=tuple(_kraft_id() for _ in range(brokers)),
    )


def _refuse_used_folder(layout: Layout) -> None:
    if layout.state.exists() and (not layout.state.is_dir() or any(layout.state.iterdir())):
        raise StackError(
            f"state: {layout.state} holds other things than a stack; name a folder of its own"
        )


def _check(wish: Wish) -> None:
    if wish.mode is not None and wish.mode not in MODES:
        raise StackError(f"mode: {wish.mode!r} is neither rehearsal nor live")
    if wish.brokers is not None and wish.brokers not in BROKER_COUNTS:
        raise StackError(f"brokers: {wish.brokers} cannot be; give 1 or 3")
    if wish.partitions is not None and not 1 <= wish.partitions <= MAX_PARTITIONS:
        raise StackError(f"partitions: {wish.partitions} cannot be; give 1 to {MAX_PARTITIONS}")
    if wish.policy_time is not None:
        _check_policy_time(wish.policy_time, wish.mode)


def _check_policy_time(text: str, mode: str | None) -> None:
    if mode == "live":
        raise StackError("policy-time: a live stack keeps real time; leave the option out")
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise StackError(
            f"policy-time: {text!r} is not a time with its zone; "
            f"write it as {REHEARSAL_POLICY_TIME}"
        )


def _refuse_another(layout: Layout, existing: Identity, wish: Wish) -> None:
    for field, wanted in asdict(wish).items():
        is_now = getattr(existing, field)
        if wanted is not None and wanted != is_now:
            name = field.replace("_", "-")
            raise StackError(
                f"{name}: the stack in {layout.state} was created with {is_now!r} and keeps it; "
                f"asked for {wanted!r}. Leave --{name} out, take another --state, or reset this one"
            )


def _kraft_id() -> str:
    # A leading zero byte makes the text start with "A": the format tool takes "-" for an option.
    return base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
