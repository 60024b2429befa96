"""What dispatchers have in memory, held against the fold of the facts to where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.checker.differing import ask_each, story
from tests.checker.fenced import FencedLog, Point
from tests.checker.findings import About, Place, rule
from tests.checker.floor import CONFIRMED, OFFERED, ON_CALL, WRAP_UP, Floor, Session
from tests.checker.history import Answer, Key

BUSY = {OFFERED: "offered", CONFIRMED: "on_call", ON_CALL: "on_call", WRAP_UP: "wrap_up"}
"""Activity of a session, by the place of the contact that it holds."""


class LiveContact(NamedTuple):
    """Where a contact stands."""

    place: str
    attempt: int
    session_id: str


class LiveSession(NamedTuple):
    """Where a caller session stands."""

    centre_id: str
    activity: str
    presence: str
    generation: int
    holds: Key | None


Live = LiveContact | LiveSession
State = Mapping[Key | str, Live]
"""Contacts by their releases, sessions by their ids."""


@dataclass(frozen=True, slots=True)
class Told:
    """A partition as a process has it in memory."""

    slot: str
    point: Point
    next_offset: int
    state: State


@dataclass(slots=True)
class Judged:
    """How much of the dispatchers' memory was compared, and what was not."""

    partitions: int = 0
    contacts: int = 0
    sessions: int = 0
    not_judged: list[str] = field(default_factory=list)
    """What, and why."""


# --- rules ---------------------------------------------------------------------------------------


@rule("1.4")
def live_position(told: Told, last: Point | None, end: int) -> str | None:
    """A process that tells its state stands at the last record that counts below its offset."""
    stands = f"{told.slot} stands at offset {told.next_offset} with {_shown(told.point)}"
    if told.next_offset > end:
        return f"{stands}, and the log ends at {end}"
    return None if told.point == last else f"{stands}, and what counts there is {_shown(last)}"


@rule("1.2")
def live_state(slot: str, name: Key | str, folded: Live | None, told: Live | None) -> str | None:
    """What a process has in memory is the fold of the facts below its offset."""
    return story(slot, name, folded, told)


def _shown(point: Point | None) -> str:
    if point is None:
        return "nothing"
    return f"epoch {point.epoch} seq {point.seq} of {point.owner.hex()[:8] or 'nobody'}"


# --- comparing -----------------------------------------------------------------------------------


def folded(floor: Floor) -> dict[Key | str, Live]:
    """Return where the facts leave every release and every session."""
    state: dict[Key | str, Live] = {
        key: LiveContact(release.place, release.attempt, release.session_id)
        for key, release in floor.releases.items()
    }
    for session in floor.sessions.values():
        activity, presence = activity_of(floor, session), presence_of(session)
        stands = (session.centre_id, activity, presence, session.generation, session.holds)
        state[session.session_id] = LiveSession(*stands)
    return state


def activity_of(floor: Floor, session: Session) -> str:
    """Return what a session is doing."""
    if not session.is_signed_in:
        return "offline"
    if session.holds is not None:
        return BUSY[floor.releases[session.holds].place]
    if session.is_draining:
        return "draining"
    return "available" if session.paused_until_ms is None else "paused"


def presence_of(session: Session) -> str:
    """Return whether the stream of a session is there."""
    if session.is_gone:
        return "gone"
    return "present" if session.suspect_until_ms is None else "suspect"


class LiveStates:
    """What was told of one partition, compared as its facts are read."""

    def __init__(self, told: Sequence[Told], reader: FencedLog, floor: Floor, seen: Judged) -> None:
        self._waiting = sorted(told, key=lambda each: each.next_offset)
        self._name = f"{reader.log[0]}/{reader.log[1]}"
        self._reader = reader
        self._floor = floor
        self._judged = seen
        if not told:
            self._judged.not_judged.append(f"{self._name}: no dispatcher told its state")

    def reach(self, offset: int) -> None:
        """Compare what stands at or below an offset, before what counts there is folded in."""
        while self._waiting and self._waiting[0].next_offset <= offset:
            self._compare(self._waiting.pop(0))

    def close(self) -> None:
        """Compare what is left when all was read; what a gap hides is not judged."""
        for told in self._waiting:
            if self._reader.is_whole:
                self._compare(told)
            else:
                self._judged.not_judged.append(f"{self._name} of {told.slot}: it is behind a gap")

    def _compare(self, told: Told) -> None:
        log, found = self._reader.log, self._reader.found
        place = Place(*log, told.next_offset)
        last = self._reader.reigns.below(told.next_offset)
        if found.ask(live_position, About((place,)), told, last, self._reader.history.end(log)):
            return
        state = folded(self._floor)
        ask_each(found, live_state, About((place,)), (state, told.state), told.slot)
        contacts = len(self._floor.releases)
        self._judged.partitions += 1
        self._judged.contacts += contacts
        self._judged.sessions += len(state) - contacts


# --- what was told -------------------------------------------------------------------------------


def by_partition(answers: Sequence[Answer], judged: Judged) -> dict[int, list[Told]]:
    """Sort what dispatchers answered by partition; name who did not, or not in this language."""
    told: dict[int, list[Told]] = {}
    for answer in answers:
        if answer.page is None:
            judged.not_judged.append(f"{answer.slot}: {answer.why}")
            continue
        try:
            parts = [_told(answer.slot, part) for part in answer.page["partitions"]]
        except (KeyError, TypeError, ValueError) as error:
            judged.not_judged.append(f"{answer.slot}: {error!r} in its answer")
            continue
        for number, part in parts:
            told.setdefault(number, []).append(part)
    return told


def _told(slot: str, part: Mapping[str, Any]) -> tuple[int, Told]:
    point = Point(part["epoch"], bytes.fromhex(part["owner"]), part["seq"])
    state: dict[Key | str, Live] = {
        (each["contact_id"], each["release"]): LiveContact(
            each["place"], each["attempt"], each["session_id"]
        )
        for each in part["contacts"]
    }
    for each in part["sessions"]:
        holds = None if each["holds"] is None else (each["holds"][0], each["holds"][1])
        stands = (each["centre_id"], each["activity"], each["presence"], each["generation"])
        state[each["session_id"]] = LiveSession(*stands, holds)
    return part["partition"], Told(slot, point, part["next_offset"], state)
