"""Release a contact, end a session: load where it is, order it there, wait for the answer."""

from dataclasses import dataclass, replace

from services.cli.domain.orders import REFUSED, Word
from services.cli.domain.story import Story, of_contact, of_session
from services.cli.errors import NotDoneError
from services.cli.ports.orders import HandLog
from services.cli.ports.signature import Signature
from services.cli.ports.stories import StoryLogs, StoryRecord

WITHIN_S = 10.0
ID_MAX = 64
IN_BANK = frozenset({"returned", "held"})
WITH_CALLER = frozenset({"confirmed", "on_call", "wrap_up"})


@dataclass(frozen=True, slots=True)
class HandWish:
    """What the operator wants, and how."""

    signature: Signature
    dry_run: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of it."""

    subject: str
    stood: str
    """Place of the contact, or activity of the session, before."""
    partition: int = 0
    """Where it was ordered."""
    is_so: bool = False
    """Nothing was ordered: it is so already."""
    answer: Word | None = None
    """The dispatcher's word; None when nobody waited, or none came."""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class HandHandler:
    """Orders what concerns one contact or session, in the partition that has it."""

    logs: StoryLogs
    record: StoryRecord
    hand: HandLog

    async def release(self, contact_id: str, wish: HandWish) -> Handled:
        """Hand a contact that waits back to the bank; one that is there already changes nothing.

        Raises:
            NotDoneError: It is unknown, has ended, or is with a caller; or the stack is away.
        """
        _check_id("CONTACT", contact_id)
        told = await self.record.of_contact(contact_id)
        story = of_contact([*told, *self.logs.decided_on(contact_id)])
        place = story.place
        if place in IN_BANK:
            return Handled(contact_id, place, story.partition, is_so=True)
        if place in WITH_CALLER:
            raise NotDoneError(with_caller(contact_id, place, _session(story)))
        if place not in ("routed", "queued", "offered"):
            reason = "no router has ruled on it" if place == "unknown" else f"it is {place}"
            raise NotDoneError(
                f"CONTACT: {contact_id} does not wait at a centre: {reason}; "
                f"see `seatline explain {contact_id}`"
            )
        partition = story.partition
        done = Handled(contact_id, place, partition)
        if wish.dry_run:
            return done
        at_ms = self.hand.release(partition, contact_id, wish.signature)
        done = self._answered(done, "release", at_ms, wish)
        refusal = _refusal(done.answer)
        if refusal == "with_caller":
            session_id = done.answer.session_id if done.answer else ""
            raise NotDoneError(with_caller(contact_id, "confirmed", session_id))
        if refusal:
            raise NotDoneError(
                f"CONTACT: {contact_id} was not handed back: {refusal} in partition "
                f"{done.partition}; see `seatline explain {contact_id}`, and repeat the command"
            )
        return done

    async def end_session(self, session_id: str, wish: HandWish, *, interrupt: bool) -> Handled:
        """End a session; one that is not signed in changes nothing.

        Raises:
            NotDoneError: It is unknown, or the stack is away.
        """
        _check_id("SESSION", session_id)
        told = await self.record.of_session(session_id)
        story = of_session([*told, *self.logs.of_session(session_id)])
        if story.place == "unknown":
            raise NotDoneError(f"SESSION: {session_id} was never signed in here")
        if story.place == "offline":
            return Handled(session_id, story.place, story.partition, is_so=True)
        partition = story.partition
        done = Handled(session_id, story.place, partition)
        if wish.dry_run:
            return done
        at_ms = self.hand.end_session(partition, session_id, wish.signature, interrupt=interrupt)
        return self._answered(done, "end-session", at_ms, wish)

    def _answered(self, done: Handled, action: str, at_ms: int, wish: HandWish) -> Handled:
        if not wish.wait:
            return done
        order = Word(at_ms, wish.signature.by, wish.signature.why, action, done.subject)
        answer = self.hand.answer(done.partition, order, WITHIN_S)
        return replace(done, answer=answer, unanswered=answer is None)


def with_caller(contact_id: str, place: str, session_id: str) -> str:
    """Return why a contact stays where it is, and what ends its call."""
    return (
        f"CONTACT: {contact_id} is {place.replace('_', ' ')} with session {session_id}, and a call "
        f"stands; `seatline end-session {session_id} --interrupt` ends it"
    )


def _check_id(field: str, value: str) -> None:
    if not 0 < len(value) <= ID_MAX:
        raise NotDoneError(f"{field}: an id has 1 to {ID_MAX} characters")


def _refusal(answer: Word | None) -> str:
    return answer.answer.removeprefix(REFUSED) if answer and answer.is_refused else ""


def _session(story: Story) -> str:
    named = [told.details["session_id"] for told in story.told if told.details.get("session_id")]
    return str(named[-1]) if named else ""
