from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from services.router.domain.contact import ContactId
from services.router.domain.ruling import Held, HeldReason, Refused, RefusedReason, Routed
from services.router.domain.stops import StopScope
from services.router.domain.withdrawals import Withdrawal, WithdrawalKind
from services.router.handlers import Orders, RulingHandler
from tests.unit.router.values import ELEVEN_MS, HOUR_MS, WINDOW_MS, contact, rules, table

CONTACTS = "contacts"
EVERYBODY = (StopScope.ALL, "")


@dataclass(frozen=True)
class Instant:
    written_at_ms: int = ELEVEN_MS
    fresh: bool = True
    unwanted: Mapping[int, float] = field(default_factory=dict)


def opt_out() -> Withdrawal:
    return Withdrawal(WithdrawalKind.OPT_OUT, contact().person_key, ContactId(""))


@pytest.fixture
def orders() -> Orders:
    return Orders(policy_offset_ms=0)


@pytest.fixture
def handler(orders: Orders) -> RulingHandler:
    return RulingHandler(orders, WINDOW_MS)


def outcome(handler: RulingHandler, at: Instant = Instant()) -> object:
    (ruling,) = handler.decide(contact(), at)
    return ruling.outcome


def test_nothing_is_ruled_on_before_both_a_map_and_a_policy_are_known(
    orders: Orders, handler: RulingHandler
) -> None:
    assert not handler.admits(CONTACTS, Instant())
    orders.new_policy(rules())
    assert not handler.admits(CONTACTS, Instant())
    orders.new_map(table())
    assert handler.admits(CONTACTS, Instant())


def test_a_map_alone_is_not_enough_either(orders: Orders, handler: RulingHandler) -> None:
    orders.new_map(table())
    orders.stop(EVERYBODY)
    orders.withdraw(opt_out())
    assert not handler.admits(CONTACTS, Instant())
    with pytest.raises(RuntimeError, match="without a map or a policy"):
        handler.decide(contact(), Instant())


def test_nothing_is_ruled_on_while_orders_are_not_fresh(
    orders: Orders, handler: RulingHandler
) -> None:
    orders.new_map(table())
    orders.new_policy(rules())
    assert not handler.admits(CONTACTS, Instant(fresh=False))
    assert handler.admits(CONTACTS, Instant(fresh=True))


def test_stops_and_withdrawals_that_were_read_before_the_map_count(
    orders: Orders, handler: RulingHandler
) -> None:
    orders.stop(EVERYBODY)
    orders.new_map(table())
    orders.new_policy(rules())
    assert outcome(handler) == Held(HeldReason.STOPPED)
    orders.resume(EVERYBODY)
    assert isinstance(outcome(handler), Routed)
    orders.withdraw(opt_out())
    assert outcome(handler) == Refused(RefusedReason.OPTED_OUT)


def test_an_older_map_or_policy_that_is_read_again_changes_nothing(orders: Orders) -> None:
    orders.new_map(table(2))
    orders.new_policy(rules())
    newest = orders.view
    orders.new_map(table(1))
    orders.new_policy(rules(("S24-35", 0, 1)))
    assert orders.view is newest


def test_a_ruling_is_made_at_the_time_of_its_record(orders: Orders, handler: RulingHandler) -> None:
    orders.new_map(table())
    orders.new_policy(rules())
    night = outcome(handler, Instant(written_at_ms=ELEVEN_MS + 11 * HOUR_MS))
    assert isinstance(night, Held)
    assert handler.due(Instant()) == ()
