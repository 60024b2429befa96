"""Orders of `map` and withdrawals of `suppressions`, from the wire. Total, like `codec`."""

from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.router.adapters.codec import parsed, time_in
from services.router.domain.contact import (
    PERSON_KEY_BYTES,
    ContactId,
    PersonKey,
    SeatId,
    SegmentId,
)
from services.router.domain.policy import InvalidPolicyError, PolicyRules, Span, policy_rules
from services.router.domain.seat_table import (
    Centre,
    CentreId,
    InvalidMapError,
    Seat,
    SeatTable,
    seat_table,
)
from services.router.domain.stops import Scoped, StopScope
from services.router.domain.withdrawals import Withdrawal, WithdrawalKind
from services.runtime.errors import PoisonError

_SCOPES: dict[int, StopScope] = {
    map_pb2.StopScope.Value(f"STOP_SCOPE_{each.name}"): each for each in StopScope
}
_KINDS: dict[int, WithdrawalKind] = {
    suppressions_pb2.WithdrawalKind.Value(f"WITHDRAWAL_KIND_{each.name}"): each
    for each in WithdrawalKind
}


@dataclass(frozen=True, slots=True)
class StopOrdered:
    """Nobody in the scope is called until resumed."""

    scoped: Scoped


@dataclass(frozen=True, slots=True)
class ResumeOrdered:
    """A stop is lifted."""

    scoped: Scoped


Order = SeatTable | PolicyRules | StopOrdered | ResumeOrdered


def decode_order(value: bytes) -> Order:
    """Return an operator's order.

    Raises:
        PoisonError: The bytes are no order known here, or one that cannot be followed; the
            message names what is wrong with it.
    """
    record = parsed(map_pb2.MapRecord, value)
    match record.WhichOneof("kind"):
        case "seat_map":
            return _seat_table_in(record.seat_map)
        case "policy":
            return _policy_in(record.policy)
        case "stop":
            return StopOrdered(_scoped_in(record.stop.scope, record.stop.id))
        case "resume":
            return ResumeOrdered(_scoped_in(record.resume.scope, record.resume.id))
        case _:
            raise PoisonError("an order of a kind not known here; upgrade this reader")


def decode_withdrawal(value: bytes) -> Withdrawal:
    """Return a withdrawal.

    Raises:
        PoisonError: The bytes are no withdrawal, or one that names nobody.
    """
    message = parsed(suppressions_pb2.Withdrawal, value)
    kind = _KINDS.get(message.kind)
    if kind is None:
        raise PoisonError(f"kind {message.kind} is not known here; upgrade this reader", "kind")
    by_contact = kind is not WithdrawalKind.ERASE and message.contact_id
    if not by_contact and len(message.person_key) != PERSON_KEY_BYTES:
        raise PoisonError(f"person_key is not {PERSON_KEY_BYTES} bytes long", "person_key")
    return Withdrawal(kind, PersonKey(message.person_key), ContactId(message.contact_id))


def _seat_table_in(message: map_pb2.SeatMap) -> SeatTable:
    centres = (
        Centre(CentreId(each.centre_id), each.partition, each.closed, frozenset(each.languages))
        for each in message.centres
    )
    seats = (
        Seat(
            SeatId(each.seat_id),
            CentreId(each.centre_id),
            tuple(map(SegmentId, each.segment_ids)),
        )
        for each in message.seats
    )
    try:
        return seat_table(message.version, centres, seats)
    except InvalidMapError as error:
        raise PoisonError(f"seat map {message.version}: {error}", "seat_map") from error


def _policy_in(message: map_pb2.Policy) -> PolicyRules:
    silences = ((SeatId(each.seat_id), _span_in(each)) for each in message.silence_windows)
    hours_ms = _ms(message.opens), _ms(message.closes)
    try:
        return policy_rules(message.version, message.time_zone, hours_ms, silences)
    except InvalidPolicyError as error:
        raise PoisonError(f"policy {message.version}: {error}", "policy") from error


def _span_in(message: map_pb2.SilenceWindow) -> Span:
    begins_ms, ends_ms = time_in(message, "from"), time_in(message, "until")
    if begins_ms is None or ends_ms is None:
        raise PoisonError("a silence window lacks `from` or `until`", "silence_windows")
    return Span(begins_ms, ends_ms)


def _scoped_in(scope: int, scope_id: str) -> Scoped:
    known = _SCOPES.get(scope)
    if known is None:
        raise PoisonError(f"scope {scope} is not known here; upgrade this reader", "scope")
    if (known is StopScope.ALL) == bool(scope_id):
        raise PoisonError("a stop of a campaign, seat or centre names it, of all names none", "id")
    return known, scope_id


def _ms(message: Duration) -> int:
    return message.seconds * 1000 + message.nanos // 1_000_000
