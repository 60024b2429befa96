"""Errors planted into a clean day, each for the rule of its name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker.history import COMMANDS, CONTACTS, FACTS, RULINGS, Log
from tests.support.builders import S
from tests.support.checked_history import Stamped, WrittenHistory

Spoil = Callable[[WrittenHistory], None]


@dataclass(frozen=True)
class Fault:
    """What is spoilt, and who is there to see it."""

    spoil: Spoil
    is_recorded: bool = True
    """Whether the recorder writes down what was spoilt; if not, there is no database."""
    is_watched: bool = True
    """Whether there is a journal."""
    is_told: bool = False
    """Whether dispatchers told their state."""
    is_kept: bool = False
    """Whether there are snapshots."""


FAULTS: dict[str, Fault] = {}
"""By the name of the rule that must find it."""


def fault(
    is_recorded: bool = True,
    is_watched: bool = True,
    is_told: bool = False,
    is_kept: bool = False,
) -> Callable[[Spoil], Spoil]:
    def plant(spoil: Spoil) -> Spoil:
        FAULTS[spoil.__name__] = Fault(spoil, is_recorded, is_watched, is_told, is_kept)
        return spoil

    return plant


# --- where things are ----------------------------------------------------------------------------


@dataclass
class Spot:
    """A fact, and where it stands."""

    stamped: Stamped
    index: int
    fact: Any

    def before(self, fact: Any) -> None:
        """Say another fact first."""
        self.stamped.said.facts.insert(self.index, fact)

    def after(self, fact: Any) -> None:
        """Say another fact behind this one."""
        self.stamped.said.facts.insert(self.index + 1, fact)

    def gone(self) -> None:
        del self.stamped.said.facts[self.index]


def spots(history: WrittenHistory) -> Iterator[Spot]:
    for stamped in history.logs[FACTS, 0]:
        for index, fact in enumerate(stamped.said.facts):
            yield Spot(stamped, index, fact)


def spot(history: WrittenHistory, kind: str, contact_id: str = "", number: int = 0) -> Spot:
    """Find the first fact of a kind, about a contact and a release."""
    for each in spots(history):
        if each.fact.WhichOneof("kind") == kind:
            body = getattr(each.fact, kind)
            named = body.contact if kind == "queued" else getattr(body, "attempt", body)
            is_it = not contact_id or named.contact_id == contact_id
            if is_it and (not number or named.release == number):
                return each
    raise AssertionError(f"no {kind} of {contact_id!r} in this day")


def copied(fact: Any, **changes: object) -> Any:
    """Copy a fact, with other fields in its body."""
    twin = facts_pb2.Fact()
    twin.CopyFrom(fact)
    body = getattr(twin, str(twin.WhichOneof("kind")))
    for name, value in changes.items():
        setattr(body, name, value)
    return twin


def quiet(history: WrittenHistory, number: int) -> Any:
    """Find a record that only moves positions."""
    records = [s.said for s in history.logs[FACTS, 0] if s.said.header.inputs and not s.said.facts]
    return records[number]


def moved(record: Any, topic: str) -> Any:
    return next(position for position in record.header.inputs if position.topic == topic)


def ruling_on(history: WrittenHistory, contact_id: str) -> Any:
    for stamped in history.logs[RULINGS, 0]:
        for ruling in stamped.said.rulings:
            if ruling.contact.contact_id == contact_id:
                return ruling
    raise AssertionError(f"no ruling on {contact_id!r} in this day")


def command_on(history: WrittenHistory, kind: str, contact_id: str) -> Stamped:
    for stamped in history.logs[COMMANDS, 0]:
        for command in stamped.said.commands:
            is_it = command.WhichOneof("kind") == kind
            if is_it and getattr(command, kind).attempt.contact_id == contact_id:
                return stamped
    raise AssertionError(f"no {kind} of {contact_id!r} in this day")


def last(history: WrittenHistory, log: Log) -> Any:
    return history.logs[log][-1].said


def seen(history: WrittenHistory, kind: str) -> dict[str, Any]:
    return next(entry for entry in history.journal if entry["kind"] == kind)


def rule_anew(history: WrittenHistory, *rulings: Any) -> None:
    """Let contacts arrive and be ruled on, as if the router had gone on."""
    for ruling in rulings:
        record = contacts_pb2.ContactRecord(contacts=[ruling.contact])
        history.append((CONTACTS, 0), 0, record)
    before = last(history, (RULINGS, 0))
    record = rulings_pb2.RulingRecord(header=before.header, rulings=rulings)
    record.header.seq += 1
    moved(record, CONTACTS).offset = len(history.logs[CONTACTS, 0])
    history.append((RULINGS, 0), 0, record)


def ms_after(stamp: Any, ms: int) -> None:
    stamp.FromMilliseconds(stamp.ToMilliseconds() + ms)


# --- the fenced log ------------------------------------------------------------------------------


@fault(is_recorded=False, is_watched=False)
def log_gap(history: WrittenHistory) -> None:
    records = history.logs[FACTS, 0]
    del records[len(records) // 2]


@fault()
def reign_goes_on(history: WrittenHistory) -> None:
    record = quiet(history, -2)
    record.header.yielding.to_slot = "dispatcher-1"


@fault()
def time_falls(history: WrittenHistory) -> None:
    ms_after(quiet(history, -1).header.at, -10 * S)


@fault()
def record_too_large(history: WrittenHistory) -> None:
    seen_often = [facts_pb2.Fact(gateway_seen={"boot_id": b"gateway"})] * 501
    last(history, (FACTS, 0)).facts.extend(seen_often)


@fault()
def fence_with_content(history: WrittenHistory) -> None:
    *_, fence = [s.said for s in history.logs[FACTS, 0] if s.said.header.HasField("fence")]
    fence.facts.add(gateway_seen={"boot_id": b"gateway"})


@fault()
def position_falls(history: WrittenHistory) -> None:
    moved(last(history, (FACTS, 0)), COMMANDS).offset -= 2


@fault()
def position_ahead(history: WrittenHistory) -> None:
    moved(last(history, (FACTS, 0)), COMMANDS).offset += 1_000


@fault()
def position_without_fence(history: WrittenHistory) -> None:
    moved(quiet(history, -1), RULINGS).ClearField("fence")


@fault()
def set_aside_without_letter(history: WrittenHistory) -> None:
    quiet(history, -1).header.failures.add(topic=COMMANDS, attempt=3, set_aside=True)


# --- arrivals and rulings ------------------------------------------------------------------------


@fault()
def arrival_unruled(history: WrittenHistory) -> None:
    first = history.logs[CONTACTS, 0][0].said
    first.contacts.add(contact_id="overlooked", release=1)


@fault(is_watched=False)
def ruling_without_arrival(history: WrittenHistory) -> None:
    del history.logs[CONTACTS, 0][1].said.contacts[:]


@fault()
def ruled_twice(history: WrittenHistory) -> None:
    rule_anew(history, ruling_on(history, "held"))


@fault()
def duplicate_of_nothing(history: WrittenHistory) -> None:
    ruling = rulings_pb2.Ruling(contact={"contact_id": "new", "release": 1})
    ruling.refused.reason = rulings_pb2.REFUSED_REASON_DUPLICATE
    rule_anew(history, ruling)


@fault()
def expired_release_routed(history: WrittenHistory) -> None:
    ruling_on(history, "held").contact.valid_until.FromMilliseconds(1)


@fault()
def routed_unqueued(history: WrittenHistory) -> None:
    spot(history, "queued", "waiting").gone()


@fault()
def queued_otherwise(history: WrittenHistory) -> None:
    spot(history, "queued", "waiting").fact.queued.policy_version += 1


# --- moves ---------------------------------------------------------------------------------------


@fault()
def queued_twice(history: WrittenHistory) -> None:
    first = spot(history, "queued", "waiting")
    first.after(copied(first.fact))


@fault()
def moved_after_end(history: WrittenHistory) -> None:
    end = spot(history, "ended", "called")
    end.after(copied(end.fact))


@fault()
def moved_unqueued(history: WrittenHistory) -> None:
    declined = spot(history, "offer_declined")
    stranger = copied(declined.fact)
    stranger.offer_declined.attempt.contact_id = "stranger"
    declined.after(stranger)


@fault()
def confirmed_twice(history: WrittenHistory) -> None:
    first = spot(history, "confirmed", "called")
    first.after(copied(first.fact, session_id="s3"))


@fault()
def two_desks(history: WrittenHistory) -> None:
    first = spot(history, "offered", "called")
    again = copied(first.fact, session_id="s3")
    again.offered.attempt.attempt += 1
    first.after(again)


@fault()
def desk_with_two_contacts(history: WrittenHistory) -> None:
    busy = spot(history, "offered", "on-call").fact.offered
    more = copied(spot(history, "offered", "rings").fact, session_id=busy.session_id)
    more.offered.attempt.contact_id = "waiting"
    spot(history, "dial_started", "on-call").after(more)


@fault()
def unsealed_without_confirm(history: WrittenHistory) -> None:
    offered = spot(history, "offered", "declined")
    dialled = copied(spot(history, "dial_started", "called").fact)
    dialled.dial_started.attempt.CopyFrom(offered.fact.offered.attempt)
    dialled.dial_started.session_id = offered.fact.offered.session_id
    offered.after(dialled)


@fault()
def out_of_turn(history: WrittenHistory) -> None:
    confirmed = spot(history, "confirmed", "called")
    ended = copied(spot(history, "call_ended", "called").fact)
    confirmed.after(ended)


@fault()
def unknown_session(history: WrittenHistory) -> None:
    spot(history, "ended", "called").after(
        facts_pb2.Fact(session_available={"session_id": "nobody"})
    )


@fault()
def two_releases_at_once(history: WrittenHistory) -> None:
    """Let the end of the first release come when the second one is dialled."""
    first = spot(history, "ended", "redialled", 1)
    spot(history, "dial_started", "redialled", 2).after(first.fact)
    first.gone()
