"""Orders that forbid calls, given to a whole stack under load."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from tests.support.eventually import eventually
from tests.support.load import (
    CONTACTS,
    FACTS,
    Load,
    Log,
    assert_promises_were_kept,
    load_on,
    now_ms,
    publish,
    read_all,
    read_log,
)
from tests.support.orders import SUPPRESSIONS, Scope, give, withdrawal
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(300)

COMMANDS = "seatline.commands.v1"
SECONDS = 10
SEED = 562
"""Its caller misses the offer of the ninth contact, which so is open when the stop comes, and of
none of the later ones, whose leases would only make the run longer."""
PERSONS = 20
SEATS = 40
UNSENT = range(150, 180)
"""Recalled are the contacts so far behind the last one sent."""
STOPPED_MS = 1_500
RESCINDED_WITHIN_MS = 2_000

Attempt = tuple[str, int, int]
Entry = facts_pb2.Fact


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with whole_stack(tmp_path_factory.mktemp("orders")) as running:
        publish(running)
        yield running


CAMPAIGN = Scope(map_pb2.STOP_SCOPE_CAMPAIGN, "rehearsal")


@dataclass(frozen=True)
class Given:
    """Orders given, and whom they met."""

    withdrawals: list[suppressions_pb2.Withdrawal]
    waiting: set[str]
    """Contacts of persons who waited when they opted out."""
    unsent: set[str]
    """Contacts recalled before they were sent."""
    seats: list[Scope]


# --- what the logs say ----------------------------------------------------------------------------


def when_all(stack: Stack, facts: Log, says: Callable[[Entry], bool]) -> dict[int, int] | None:
    """Return by partition when each said something first; None while one has not."""
    found = {}
    for partition, records in facts.items():
        for record in records:
            if any(says(fact) for fact in record.entries):
                found[partition] = record.appended_at_ms
                break
    return found if len(found) == stack.endpoints["partitions"] else None


def withdrew(order: suppressions_pb2.Withdrawal) -> Callable[[Entry], bool]:
    def says(fact: Entry) -> bool:
        applied = fact.withdrawal_applied
        named = (applied.person_key, applied.contact_id) == (order.person_key, order.contact_id)
        return fact.HasField("withdrawal_applied") and named and not applied.provisional

    return says


def stopped(scope: Scope, kind: str) -> Callable[[Entry], bool]:
    return lambda fact: fact.HasField(kind) and scope.is_named_by(getattr(fact, kind))


def waiting(facts: Log) -> list[str]:
    """Name the contacts that were queued and never offered, the one that came last first."""
    queued: dict[str, int] = {}
    for records in facts.values():
        for record in records:
            for fact in record.entries:
                if fact.HasField("queued"):
                    queued[fact.queued.contact.contact_id] = record.appended_at_ms
                elif fact.HasField("offered"):
                    queued.pop(fact.offered.attempt.contact_id, None)
    return sorted(queued, key=lambda contact_id: queued[contact_id], reverse=True)


def named(attempt: commands_pb2.Attempt) -> Attempt:
    return attempt.contact_id, attempt.release, attempt.attempt


@dataclass
class Aftermath:
    """All that the logs and the callers' journal tell when everything has ended."""

    stack: Stack
    load: Load
    given: Given

    @cached_property
    def facts(self) -> Log:
        return read_log(self.stack, FACTS)

    @cached_property
    def contacts(self) -> dict[str, contacts_pb2.Contact]:
        return contacts_of(self.stack)

    @cached_property
    def announced(self) -> Mapping[Attempt, int]:
        """When the gateway announced each number: from then on the call stands."""
        found: dict[Attempt, int] = {}
        for message in read_all(self.stack, COMMANDS):
            record = commands_pb2.CommandRecord.FromString(message.value() or b"")
            for each in record.commands:
                if each.HasField("unsealing"):
                    found.setdefault(named(each.unsealing.attempt), message.timestamp()[1])
        return found

    @cached_property
    def shown(self) -> list[tuple[Attempt, int]]:
        """Attempts whose number a caller saw, and when it was announced."""
        entries = map(json.loads, self.load.journal.read_text().splitlines())
        attempts = [tuple(each["attempt"]) for each in entries if each["kind"] == "number"]
        return [(attempt, self.announced[attempt]) for attempt in attempts]

    def applied(self, says: Callable[[Entry], bool]) -> dict[int, int]:
        found = when_all(self.stack, self.facts, says)
        assert found is not None, "a partition never applied an order"
        return found

    def ended_withdrawn(self) -> set[str]:
        every = (fact for records in self.facts.values() for r in records for fact in r.entries)
        withdrawn = facts_pb2.END_REASON_WITHDRAWN
        return {f.ended.attempt.contact_id for f in every if f.ended.reason == withdrawn}

    def is_in(self, seat_id: str, attempt: Attempt) -> bool:
        return self.contacts[attempt[0]].seat_id == seat_id

    def is_of(self, attempt: Attempt, order: suppressions_pb2.Withdrawal) -> bool:
        contact = self.contacts[attempt[0]]
        if order.contact_id:
            return order.contact_id == contact.contact_id
        return order.person_key == contact.person_key


def contacts_of(stack: Stack) -> dict[str, contacts_pb2.Contact]:
    return {
        contact.contact_id: contact
        for message in read_all(stack, CONTACTS)
        for contact in contacts_pb2.ContactRecord.FromString(message.value() or b"").contacts
    }


def open_at(after: Aftermath, partition: int, at_ms: int) -> dict[Attempt, tuple[str, int]]:
    """Return the offers open at a moment, with what became of each and when."""
    became: dict[Attempt, tuple[str, int]] = {}
    for record in after.facts[partition]:
        for fact in record.entries:
            kind = str(fact.WhichOneof("kind"))
            body = getattr(fact, kind)
            if kind == "offered" and record.appended_at_ms <= at_ms:
                became[named(body.attempt)] = ("", 0)
            elif kind in ("confirmed", "offer_expired", "offer_declined", "offer_rescinded"):
                if record.appended_at_ms < at_ms:
                    became.pop(named(body.attempt), None)
                elif became.get(named(body.attempt)) == ("", 0):
                    became[named(body.attempt)] = (kind, record.appended_at_ms)
    return became


# --- the story ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def after(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """Withdraw some under load, stop and resume all, and let the load come to its end."""
    folder = tmp_path_factory.mktemp("load")
    with load_on(stack, folder, sessions=225, rate=60, seconds=SECONDS, seed=SEED) as load:
        given = withdraw_some(stack)
        everywhere(stack, withdrew(given.withdrawals[-1]))
        give(stack, [CAMPAIGN.record("stop")])
        everywhere(stack, stopped(CAMPAIGN, "stop_applied"))
        goes_on_ms = now_ms() + STOPPED_MS
        eventually(lambda: now_ms() >= goes_on_ms)
        give(stack, (scope.record("resume") for scope in (CAMPAIGN, *given.seats)))
        assert load.result
    return Aftermath(stack, load, given)


def queueing(stack: Stack) -> Log | None:
    facts = read_log(stack, FACTS)
    return facts if len(waiting(facts)) >= PERSONS else None


def withdraw_some(stack: Stack) -> Given:
    """Withdraw persons who wait and contacts that are still to be sent, and stop some seats."""
    facts = eventually(lambda: queueing(stack), what="callers are short")
    sent = contacts_of(stack)
    run, last = max(sent).rsplit("-", 1)
    busiest = Counter(contact.seat_id for contact in sent.values() if contact.seat_id)
    seats = [Scope(map_pb2.STOP_SCOPE_SEAT, seat_id) for seat_id, _ in busiest.most_common(SEATS)]
    unlucky = waiting(facts)[:PERSONS]
    unsent = [f"{run}-{int(last) + ahead:07d}" for ahead in UNSENT]
    orders = [withdrawal(person_key=sent[each].person_key) for each in unlucky]
    orders += [withdrawal(contact_id=each) for each in unsent]
    give(stack, ((SUPPRESSIONS, o.person_key or o.contact_id.encode(), o) for o in orders))
    give(stack, (seat.record("stop") for seat in seats))
    return Given(orders, set(unlucky), set(unsent), seats)


def everywhere(stack: Stack, says: Callable[[Entry], bool]) -> None:
    """Wait until a fact of every partition says it."""
    eventually(lambda: when_all(stack, read_log(stack, FACTS), says), what="every partition")


def test_nobody_sees_a_number_after_every_partition_has_read_the_withdrawal(
    after: Aftermath,
) -> None:
    for order in after.given.withdrawals:
        read_ms = max(after.applied(withdrew(order)).values())
        wrong = [a for a, at_ms in after.shown if at_ms > read_ms and after.is_of(a, order)]
        assert not wrong, f"shown though withdrawn: {wrong}"
    assert after.ended_withdrawn() & after.given.waiting, "nobody waited"
    assert set(after.contacts) & after.given.unsent, "none of the recalled was sent"


def assert_stopped(after: Aftermath, scope: Scope, covers: Callable[[Attempt], bool]) -> None:
    from_ms = max(after.applied(stopped(scope, "stop_applied")).values())
    until_ms = min(after.applied(stopped(scope, "stop_lifted")).values())
    wrong = [a for a, at_ms in after.shown if from_ms < at_ms < until_ms and covers(a)]
    assert not wrong, f"shown though {scope} was stopped: {wrong}"
    assert max(at_ms for _, at_ms in after.shown) > until_ms, "nothing went on after the stop"


def test_nobody_sees_a_number_between_a_stop_in_all_partitions_and_its_end(
    after: Aftermath,
) -> None:
    assert_stopped(after, CAMPAIGN, lambda _: True)


def test_nobody_of_a_stopped_seat_sees_a_number_until_it_is_resumed(after: Aftermath) -> None:
    for seat in after.given.seats:
        assert_stopped(after, seat, partial(after.is_in, seat.id))


def test_open_offers_are_taken_back_within_2_s_of_a_stop(after: Aftermath) -> None:
    taken_back = 0
    for partition, at_ms in after.applied(stopped(CAMPAIGN, "stop_applied")).items():
        for attempt, (kind, closed_ms) in open_at(after, partition, at_ms).items():
            assert kind, f"{attempt} is still offered"
            assert kind != "confirmed", f"{attempt} was confirmed behind a stop"
            assert closed_ms - at_ms <= RESCINDED_WITHIN_MS, f"{attempt}: {closed_ms - at_ms} ms"
            taken_back += kind == "offer_rescinded"
    assert taken_back, "no offer was open when the stop came"


def test_nothing_was_lost_doubled_or_stuck_over_the_orders(after: Aftermath) -> None:
    assert_promises_were_kept(after.stack, after.load)
