"""Errors in what facts say, in rows and in what callers saw; see `faults`."""

from typing import Any

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from tests.checker.history import COMMANDS, FACTS, INTAKE
from tests.support.builders import HOUR, S
from tests.support.checked_history import WrittenHistory
from tests.support.faults import command_on, fault, last, ms_after, ruling_on, seen, spot

# --- calls ---------------------------------------------------------------------------------------


def allow_until(history: WrittenHistory, contact_id: str, until_ms: int) -> None:
    """Rule and queue a contact with another allow-until."""
    queued = spot(history, "queued", contact_id).fact.queued
    for said in (queued, ruling_on(history, contact_id).routed):
        said.allow_until.FromMilliseconds(until_ms)


@fault()
def offer_after_allow_until(history: WrittenHistory) -> None:
    lease_until = spot(history, "offered", "called").fact.offered.lease_until
    allow_until(history, "called", lease_until.ToMilliseconds() + 1)


@fault()
def limit_too_far(history: WrittenHistory) -> None:
    ms_after(spot(history, "offered", "called").fact.offered.lease_until, 60 * S)


@fault(is_watched=False)
def dial_by_after_allow_until(history: WrittenHistory) -> None:
    ms_after(spot(history, "confirmed", "late").fact.confirmed.dial_by, 3 * S)
    ms_after(spot(history, "ended", "late").fact.ended.not_before, 3 * S)


@fault()
def accepted_after_lease(history: WrittenHistory) -> None:
    command_on(history, "accept_offer", "called").appended_at_ms += 60 * S


@fault()
def wrong_binding(history: WrittenHistory) -> None:
    spot(history, "confirmed", "called").fact.confirmed.generation += 1


@fault()
def generation_falls(history: WrittenHistory) -> None:
    signed_in = spot(history, "signed_in").fact
    last(history, (FACTS, 0)).facts.append(signed_in)


@fault()
def agrees_wrongly(history: WrittenHistory) -> None:
    for stamped in history.logs[COMMANDS, 0]:
        for command in stamped.said.commands:
            if command.gateway_alive.HasField("digest"):
                command.gateway_alive.digest ^= 1


@fault()
def offered_to_absent(history: WrittenHistory) -> None:
    offered = spot(history, "offered", "called")
    away = facts_pb2.Fact(session_paused={"session_id": offered.fact.offered.session_id})
    away.session_paused.until.FromMilliseconds(offered.stamped.appended_at_ms + HOUR)
    offered.before(away)


@fault()
def called_though_forbidden(history: WrittenHistory) -> None:
    person_key = spot(history, "queued", "on-call").fact.queued.contact.person_key
    order = facts_pb2.Fact(withdrawal_applied={"person_key": person_key, "kind": 3})
    spot(history, "confirmed", "on-call").before(order)


@fault()
def by_no_hand(history: WrittenHistory) -> None:
    spot(history, "returned", "handed-back").fact.returned.signature.by = "somebody else"


@fault()
def offered_before_its_map(history: WrittenHistory) -> None:
    spot(history, "queued", "called").fact.queued.map_version = 99
    ruling_on(history, "called").map_version = 99


@fault(is_watched=False)
def unsealed_late(history: WrittenHistory) -> None:
    command_on(history, "unsealing", "called").appended_at_ms += 60 * S


@fault()
def never_dialled_too_early(history: WrittenHistory) -> None:
    accepted = command_on(history, "accept_offer", "silent")
    accept: Any = accepted.said.commands[0].accept_offer
    announced = commands_pb2.Command(unsealing={"session_id": accept.session_id})
    announced.unsealing.attempt.CopyFrom(accept.attempt)
    accepted.said.commands.append(announced)


@fault(is_watched=False)
def taken_back_after_unsealing(history: WrittenHistory) -> None:
    ended = spot(history, "ended", "declined").fact.ended
    ended.reason = facts_pb2.END_REASON_STOPPED
    ended.attempt_spent = False
    ended.ClearField("disposition")


@fault()
def end_without_not_before(history: WrittenHistory) -> None:
    spot(history, "ended", "called").fact.ended.ClearField("not_before")


@fault()
def state_too_long(history: WrittenHistory) -> None:
    spot(history, "returned", "returned").gone()


# --- rows ----------------------------------------------------------------------------------------


def rows_of(history: WrittenHistory, table: str) -> list[dict[str, Any]]:
    tables = history.recorded().tables
    assert tables is not None
    return tables.rows[table]


@fault(is_recorded=False)
def position_row(history: WrittenHistory) -> None:
    tables = history.recorded().tables
    assert tables is not None
    tables.positions[FACTS, 0]["seq"] -= 1


@fault(is_recorded=False)
def state_row(history: WrittenHistory) -> None:
    row = next(r for r in rows_of(history, "contact_state") if r["contact_id"] == "waiting")
    rows_of(history, "contact_state").remove(row)


@fault(is_recorded=False)
def outcome_row(history: WrittenHistory) -> None:
    rows_of(history, "outcome")[0]["attempt_spent"] = None


@fault(is_recorded=False)
def disposition_row(history: WrittenHistory) -> None:
    row = next(r for r in rows_of(history, "outcome") if r["contact_id"] == "called")
    assert row["disposition"] == "reached"
    row["disposition"] = "no_answer"


@fault(is_recorded=False, is_watched=False)
def amendment_row(history: WrittenHistory) -> None:
    rows_of(history, "outcome_amendment").clear()


@fault(is_recorded=False)
def assignment_row(history: WrittenHistory) -> None:
    (row,) = rows_of(history, "live_assignment")
    assert row["contact_id"] == "on-call"
    row["session_id"] = "somebody"


@fault(is_recorded=False)
def conflict_row(history: WrittenHistory) -> None:
    rows_of(history, "conflict").append({"partition": 0, "record_offset": 9, "entry": 0})


@fault(is_recorded=False)
def withdrawal_row(history: WrittenHistory) -> None:
    rows_of(history, "withdrawal").clear()


@fault(is_recorded=False)
def decision_row(history: WrittenHistory) -> None:
    del rows_of(history, "decision")[5]


# --- what was seen -------------------------------------------------------------------------------


@fault(is_recorded=False)
def acknowledged_lost(history: WrittenHistory) -> None:
    seen(history, "acknowledged")["contact"] = "planted"


@fault()
def foreign_lost(history: WrittenHistory) -> None:
    history.append((INTAKE, 0), 0, contacts_pb2.ContactRecord())
    history.intake_done[0] = 1


@fault()
def shown_twice(history: WrittenHistory) -> None:
    history.journal.append({**seen(history, "number"), "session": "s3"})


@fault()
def dialled_late(history: WrittenHistory) -> None:
    number = seen(history, "number")
    number["wall_ms"] = number["dial_by_ms"] + 1


@fault()
def shown_without_confirm(history: WrittenHistory) -> None:
    history.journal.append({**seen(history, "number"), "attempt": ["waiting", 1, 1]})


@fault()
def shown_unannounced(history: WrittenHistory) -> None:
    confirmed = spot(history, "confirmed", "silent").fact.confirmed
    number = {**seen(history, "number"), "attempt": ["silent", 1, 1]}
    number |= {"dial_by_ms": confirmed.dial_by.ToMilliseconds(), "dialled": False}
    history.journal.append({**number, "session": confirmed.session_id})


@fault()
def told_before_fact(history: WrittenHistory) -> None:
    history.journal.append({**seen(history, "offer"), "session": "nobody"})


@fault(is_recorded=False)
def saved_and_missing(history: WrittenHistory) -> None:
    """A saved outcome is not lost without its row: `ALSO` names that rule."""
    rows = rows_of(history, "outcome")
    rows.remove(next(row for row in rows if row["contact_id"] == "late"))


ALSO = {"saved_and_missing": {"outcome_row"}}
"""Rules that the same error breaks as well."""
