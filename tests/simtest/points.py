"""The port calls and awaits at which a process must have been struck in a thousand seeds."""

from tests.simtest.plan import POINTS

_AWAITS = {
    "gateway": (
        "await GatewayDoor.Connect",
        "await GatewayDoor._read",
        "await GatewayDoor._write",
        "await Running.turn",
    ),
    "recorder": (
        "await FencedRecords.gather",
        "await Recorder._keep_gap",
        "await Recorder._wait",
        "await SimulatedOutcomeStore._wait",
    ),
}
POINTS_TO_HIT = tuple(
    f"{kind} @ {point}"
    for kind, points in POINTS.items()
    for point in (*[each for each in points if each != "await"], *_AWAITS.get(kind, ()))
)
