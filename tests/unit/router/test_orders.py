import pytest

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.router.adapters.orders import (
    ResumeOrdered,
    StopOrdered,
    decode_order,
    decode_withdrawal,
)
from services.router.domain.policy import PolicyRules, Span
from services.router.domain.seat_table import SeatTable
from services.router.domain.stops import StopScope
from services.router.domain.withdrawals import Withdrawal, WithdrawalKind
from services.runtime.errors import PoisonError


def seat_map() -> map_pb2.MapRecord:
    record = map_pb2.MapRecord(by="ops", why="first map")
    record.seat_map.version = 2
    record.seat_map.centres.add(centre_id="C001", partition=3, closed=True, languages=["hi", "en"])
    record.seat_map.seats.add(seat_id="S24-35", centre_id="C001", segment_ids=["S24-AC171"])
    return record


def policy() -> map_pb2.MapRecord:
    record = map_pb2.MapRecord()
    record.policy.version = 3
    record.policy.time_zone = "Asia/Kolkata"
    record.policy.opens.FromSeconds(9 * 3600)
    record.policy.closes.FromSeconds(21 * 3600)
    window = record.policy.silence_windows.add(seat_id="S24-35")
    getattr(window, "from").FromMilliseconds(1_000)
    window.until.FromMilliseconds(2_500)
    return record


def test_a_seat_map_becomes_a_table() -> None:
    order = decode_order(seat_map().SerializeToString())
    assert isinstance(order, SeatTable)
    (centre,) = order.home.values()
    assert (order.version, centre.partition, centre.closed) == (2, 3, True)
    assert centre.languages == {"hi", "en"}


def test_a_policy_becomes_rules() -> None:
    order = decode_order(policy().SerializeToString())
    assert isinstance(order, PolicyRules)
    assert (order.version, order.opens_ms, order.closes_ms) == (3, 32_400_000, 75_600_000)
    assert list(order.silences.values()) == [(Span(1_000, 2_500),)]


def test_stops_and_resumes_name_their_scope() -> None:
    record = map_pb2.MapRecord()
    record.stop.scope = map_pb2.STOP_SCOPE_SEAT
    record.stop.id = "S24-35"
    assert decode_order(record.SerializeToString()) == StopOrdered((StopScope.SEAT, "S24-35"))
    record.resume.scope = map_pb2.STOP_SCOPE_ALL
    assert decode_order(record.SerializeToString()) == ResumeOrdered((StopScope.ALL, ""))


@pytest.mark.parametrize("scope", [(1, "S24-35"), (2, ""), (0, ""), (9, "x")])
def test_a_stop_that_does_not_say_what_it_covers_is_poison(scope: tuple[int, str]) -> None:
    record = map_pb2.MapRecord()
    record.stop.scope, record.stop.id = scope  # type: ignore[assignment]
    with pytest.raises(PoisonError):
        decode_order(record.SerializeToString())


def test_a_map_that_contradicts_itself_is_poison_with_its_reason() -> None:
    record = seat_map()
    record.seat_map.seats[0].centre_id = "C999"
    with pytest.raises(PoisonError, match="seat map 2: seat S24-35: no centre C999") as caught:
        decode_order(record.SerializeToString())
    assert caught.value.field == "seat_map"


def test_a_policy_that_cannot_be_followed_is_poison_with_its_reason() -> None:
    record = policy()
    record.policy.time_zone = "Moon/Crater"
    with pytest.raises(PoisonError, match="policy 3: time_zone"):
        decode_order(record.SerializeToString())
    record = policy()
    record.policy.silence_windows[0].ClearField("until")
    with pytest.raises(PoisonError, match="silence window"):
        decode_order(record.SerializeToString())


def test_an_order_of_no_kind_is_poison() -> None:
    with pytest.raises(PoisonError, match="upgrade this reader"):
        decode_order(b"")


def test_withdrawals_name_a_person_or_a_contact() -> None:
    opt_out = suppressions_pb2.Withdrawal(
        person_key=b"p" * 16, kind=suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT
    )
    assert decode_withdrawal(opt_out.SerializeToString()) == Withdrawal(
        WithdrawalKind.OPT_OUT,
        b"p" * 16,  # type: ignore[arg-type]
        "",  # type: ignore[arg-type]
    )
    recall = suppressions_pb2.Withdrawal(
        contact_id="contact-1", kind=suppressions_pb2.WITHDRAWAL_KIND_RECALL
    )
    assert decode_withdrawal(recall.SerializeToString()).contact_id == "contact-1"
    of_contact = suppressions_pb2.Withdrawal(
        contact_id="contact-1", kind=suppressions_pb2.WITHDRAWAL_KIND_OPT_OUT
    )
    assert decode_withdrawal(of_contact.SerializeToString()) == Withdrawal(
        WithdrawalKind.OPT_OUT,
        b"",  # type: ignore[arg-type]
        "contact-1",  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "withdrawal",
    [
        suppressions_pb2.Withdrawal(person_key=b"p" * 16),
        suppressions_pb2.Withdrawal(kind=suppressions_pb2.WITHDRAWAL_KIND_ERASE),
        suppressions_pb2.Withdrawal(kind=suppressions_pb2.WITHDRAWAL_KIND_RECALL),
        suppressions_pb2.Withdrawal(
            kind=suppressions_pb2.WITHDRAWAL_KIND_ERASE, contact_id="contact-1"
        ),
    ],
)
def test_a_withdrawal_that_names_nobody_is_poison(withdrawal: suppressions_pb2.Withdrawal) -> None:
    with pytest.raises(PoisonError):
        decode_withdrawal(withdrawal.SerializeToString())
