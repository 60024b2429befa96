"""Maps and policies between the wire and their values."""

from datetime import UTC

from seatline.facts.v1 import facts_pb2
from seatline.map.v1 import map_pb2
from services.cli.domain.policy import Policy, SilenceWindow
from services.cli.domain.seat_map import Centre, Seat, SeatMap
from services.cli.ports.signature import Signature


def map_record(version: int, seat_map: SeatMap, signature: Signature) -> bytes:
    """Return a map as a record."""
    record = map_pb2.MapRecord(by=signature.by, why=signature.why)
    record.seat_map.version = version
    for centre in seat_map.centres:
        record.seat_map.centres.add(
            centre_id=centre.centre_id,
            name=centre.name,
            partition=centre.partition,
            callers=centre.callers,
            languages=centre.languages,
            closed=centre.closed,
        )
    for seat in seat_map.seats:
        record.seat_map.seats.add(
            seat_id=seat.seat_id, centre_id=seat.centre_id, segment_ids=seat.segment_ids
        )
    return record.SerializeToString(deterministic=True)


def newer_versions(fact: facts_pb2.Fact, known: tuple[int, int]) -> tuple[int, int]:
    """Return the versions of map and policy in force in a partition after a fact of it."""
    # Of a fact of another kind these read as 0.
    return max(known[0], fact.map_applied.version), max(known[1], fact.policy_applied.version)


def policy_record(version: int, policy: Policy, signature: Signature) -> bytes:
    """Return a policy as a record."""
    record = map_pb2.MapRecord(by=signature.by, why=signature.why)
    wire = record.policy
    wire.version = version
    wire.time_zone = policy.time_zone
    wire.opens.FromTimedelta(policy.opens)
    wire.closes.FromTimedelta(policy.closes)
    wire.max_wait.FromTimedelta(policy.max_wait)
    wire.wrap_up.FromTimedelta(policy.wrap_up)
    wire.required = policy.required
    for window in policy.silence_windows:
        entry = wire.silence_windows.add(seat_id=window.seat_id)
        # The field is called `from`, which Python keeps for itself.
        getattr(entry, "from").FromDatetime(window.from_at)
        entry.until.FromDatetime(window.until_at)
    return record.SerializeToString(deterministic=True)


def seat_map_of(wire: map_pb2.SeatMap) -> SeatMap:
    """Return the map of a record."""
    return SeatMap(
        centres=tuple(
            Centre(
                centre_id=centre.centre_id,
                name=centre.name,
                partition=centre.partition,
                callers=centre.callers,
                languages=tuple(centre.languages),
                closed=centre.closed,
            )
            for centre in wire.centres
        ),
        seats=tuple(
            Seat(seat.seat_id, seat.centre_id, tuple(seat.segment_ids)) for seat in wire.seats
        ),
    )


def policy_of(wire: map_pb2.Policy) -> Policy:
    """Return the policy of a record."""
    return Policy(
        time_zone=wire.time_zone,
        opens=wire.opens.ToTimedelta(),
        closes=wire.closes.ToTimedelta(),
        max_wait=wire.max_wait.ToTimedelta(),
        wrap_up=wire.wrap_up.ToTimedelta(),
        silence_windows=tuple(
            SilenceWindow(
                window.seat_id,
                getattr(window, "from").ToDatetime(tzinfo=UTC),
                window.until.ToDatetime(tzinfo=UTC),
            )
            for window in wire.silence_windows
        ),
        required=wire.required,
    )
