"""Fold the entries of a batch into the rows that they leave behind."""

from datetime import datetime

from services.recorder.domain.amendments import Amendment, Release
from services.recorder.domain.assignments import AssignmentEnd, Step
from services.recorder.domain.entries import (
    AmendDetail,
    ContactId,
    EndDetail,
    Entry,
    Log,
    LogRecord,
    ReturnDetail,
    RulingDetail,
    WithdrawDetail,
)
from services.recorder.domain.rows import (
    AssignmentRow,
    BankRow,
    ContentRow,
    ControlRow,
    DecisionRow,
    Order,
    OutcomeRow,
    Stage,
    StateRow,
    WithdrawalRow,
)

PLACES = {
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
"""Where a contact is after an entry of this kind; other kinds move no contact."""

BANK_PLACES = frozenset({"routed", "held", "refused", "returned", "ended"})
"""Places that the bank knows; between routed and the end it looks on."""

ARRIVAL_REFUSALS = frozenset({"duplicate", "release_expired"})
"""Refusals that do not touch the contact's place (rule 3.3)."""

MARK = "recorded"
"""A refusal that moves nothing: the release stands where a lost log left it."""

DUE_AGAIN_ENDS = frozenset({"never_dialled"})
"""Ends that spent nothing: the contact may be released again at once (rule 4.5)."""


class BatchRows:
    """The rows of one batch. Records of a partition come in their order; partitions in any."""

    def __init__(self) -> None:
        self.decisions: list[DecisionRow] = []
        self.states: dict[Release, StateRow] = {}
        self.contents: dict[ContactId, ContentRow] = {}
        self.bank: dict[ContactId, BankRow] = {}
        self.not_before: dict[ContactId, datetime] = {}
        self.outcomes: list[OutcomeRow] = []
        self.amendments: list[Amendment] = []
        self.assignments: list[Step] = []
        self.withdrawals: list[WithdrawalRow] = []
        self.controls: list[ControlRow] = []

    def add(self, record: LogRecord) -> None:
        """Fold in a record that counts, or in which a person asks for something."""
        topic, partition = record.partition
        if record.control is not None:
            kind, at, payload = record.control
            self.controls.append(ControlRow(topic, partition, record.offset, at, kind, payload))
        for index, entry in enumerate(record.entries):
            self.decisions.append(
                DecisionRow(
                    topic,
                    partition,
                    record.offset,
                    index,
                    record.at,
                    entry.kind,
                    entry.contact_id,
                    entry.release_id,
                    entry.session_id,
                    entry.centre_id,
                    entry.payload,
                    entry.ordered_at,
                )
            )
            if isinstance(entry.detail, WithdrawDetail):
                # By contact only where the person is unknown: the fact names one or the other.
                self.withdrawals.append(
                    WithdrawalRow(
                        topic,
                        partition,
                        record.offset,
                        index,
                        entry.detail.person_key,
                        entry.contact_id,
                        entry.detail.kind,
                        record.at,
                    )
                )
            if entry.contact_id is not None and entry.release_id is not None:
                release = (entry.contact_id, entry.release_id)
                order = Order(_stage(record.log, entry), partition, record.offset, index)
                self._move(release, entry, order, record.at)
                self._note(release, entry, order, record.at)

    def _move(self, release: Release, entry: Entry, order: Order, at: datetime) -> None:
        place = PLACES.get(entry.kind)
        if place is None or (place == "refused" and entry.reason == MARK):
            return
        known = self.states.get(release)
        if known is None or known.order.rank < order.rank:
            self.states[release] = StateRow(
                *release,
                place,
                entry.reason,
                entry.seat_id or (known and known.seat_id),
                entry.centre_id or (known and known.centre_id),
                entry.session_id,
                entry.attempt,
                entry.map_version or (known and known.map_version),
                entry.policy_version or (known and known.policy_version),
                at,
                order,
            )
        if place in BANK_PLACES and order.stage is not Stage.REFUSED_ARRIVAL:
            self._bank(release, place, entry, order, at)

    def _bank(self, release: Release, place: str, entry: Entry, order: Order, at: datetime) -> None:
        contact_id, release_id = release
        detail = entry.detail
        if isinstance(detail, RulingDetail):
            content = self.contents.get(contact_id)
            if content is None or content.content_release < release_id:
                self.contents[contact_id] = ContentRow(contact_id, release_id, detail.content)
        if isinstance(detail, EndDetail) and detail.not_before is not None:
            # A maximum, whatever the order: a number of an older release may still be dialled.
            latest = self.not_before.get(contact_id, detail.not_before)
            self.not_before[contact_id] = max(latest, detail.not_before)
        known = self.bank.get(contact_id)
        if known is None or (known.release_id, known.order.rank) < (release_id, order.rank):
            self.bank[contact_id] = BankRow(
                contact_id,
                release_id,
                place,
                entry.reason,
                _due_at(entry, at),
                detail.waited if isinstance(detail, ReturnDetail) else None,
                at,
                order,
            )

    def _note(self, release: Release, entry: Entry, order: Order, at: datetime) -> None:
        where = order[1:]
        attempt = entry.attempt or 0
        match entry.detail:
            case EndDetail():
                self.outcomes.append(_outcome(release, entry, entry.detail, order, at))
                if entry.session_id is not None:
                    self.assignments.append(AssignmentEnd(*release, attempt, at, *where))
            case AmendDetail(disposition):
                self.amendments.append(
                    Amendment(*release, attempt, entry.session_id, disposition, at, *where)
                )
            case _ if entry.kind == "confirmed":
                self.assignments.append(
                    AssignmentRow(*release, attempt, entry.session_id, entry.centre_id, at, *where)
                )
            case _:
                pass


def _stage(log: Log, entry: Entry) -> Stage:
    if log is Log.FACTS:
        return Stage.FACT
    if entry.kind == "refused" and entry.reason in ARRIVAL_REFUSALS:
        return Stage.REFUSED_ARRIVAL
    return Stage.RULING


def _due_at(entry: Entry, at: datetime) -> datetime | None:
    match entry.detail:
        case RulingDetail(due_at=due_at):
            return due_at
        case ReturnDetail():
            return at
        case EndDetail(not_before=not_before) if entry.reason in DUE_AGAIN_ENDS:
            return not_before or at
        case _:
            return None


def _outcome(
    release: Release, entry: Entry, end: EndDetail, order: Order, at: datetime
) -> OutcomeRow:
    return OutcomeRow(
        *release,
        entry.attempt or 0,
        entry.seat_id,
        entry.centre_id,
        entry.session_id,
        end.disposition or entry.reason or "unspecified",
        end.offered_at,
        end.confirmed_at,
        at,
        order.partition,
        order.record_offset,
        order.entry,
        end.talk,
        end.attempt_spent,
    )
