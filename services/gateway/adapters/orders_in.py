"""Operators' orders that a gateway obeys: maps, stops, withdrawals."""

from seatline.map.v1 import map_pb2
from seatline.suppressions.v1 import suppressions_pb2
from services.gateway.adapters.log_in import UnknownEntryError
from services.gateway.domain.prohibitions import Prohibitions, Scope

_SCOPES = {
    map_pb2.STOP_SCOPE_ALL: Scope.ALL,
    map_pb2.STOP_SCOPE_CAMPAIGN: Scope.CAMPAIGN,
    map_pb2.STOP_SCOPE_SEAT: Scope.SEAT,
    map_pb2.STOP_SCOPE_CENTRE: Scope.CENTRE,
}


class OrdersIn:
    """Applies records of the map and of suppressions; the later of a kind replaces the earlier."""

    def __init__(self, centres: dict[str, int], prohibitions: Prohibitions) -> None:
        """Apply to these two, which others read.

        Args:
            centres: Partition by centre; filled from the map in use.
            prohibitions: Withdrawals and stops.
        """
        self._centres = centres
        self._prohibitions = prohibitions

    def map_record(self, value: bytes) -> None:
        """Apply a map, a stop or its end; a policy is no business of a gateway.

        Raises:
            DecodeError: The record cannot be read.
            UnknownEntryError: It holds an order that this reader does not know: it may forbid.
        """
        record = map_pb2.MapRecord.FromString(value)
        match record.WhichOneof("kind"):
            case "seat_map":
                # A centre that is no more keeps its partition: calls may have to be finished there.
                self._centres.update(
                    (centre.centre_id, centre.partition) for centre in record.seat_map.centres
                )
            case "stop":
                self._prohibitions.stop(_scope(record.stop.scope), record.stop.id)
            case "resume":
                self._prohibitions.resume(_scope(record.resume.scope), record.resume.id)
            case "policy":
                pass
            case _:
                raise UnknownEntryError

    def withdrawal(self, value: bytes) -> None:
        """Apply a withdrawal of any kind that is known here.

        Raises:
            DecodeError: The record cannot be read.
            UnknownEntryError: It names nobody, or does what is not known here.
        """
        record = suppressions_pb2.Withdrawal.FromString(value)
        is_known = record.kind in suppressions_pb2.WithdrawalKind.values()
        if not is_known or not (record.person_key or record.contact_id):
            raise UnknownEntryError
        self._prohibitions.withdraw(record.person_key, record.contact_id)


def _scope(scope: map_pb2.StopScope.ValueType) -> Scope:
    found = _SCOPES.get(scope)
    if found is None:
        raise UnknownEntryError
    return found
