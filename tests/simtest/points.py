"""The port calls and awaits at which a process must have been struck in a thousand seeds."""

from tests.simtest.plan import POINTS

_AWAITS = {
    "gateway": (
        "await Call.read",
        "await DeskStream.news",
        "await GatewayDoor.Connect",
        "await Running.turn",
        "await callback",
        "await run_on",
    ),
    "recorder": (
        "await FencedRecords.gather",
        "await Recorder._keep_gap",
        "await Recorder._wait",
        "await Recorder.run",
        "await SimulatedOutcomeStore._wait",
        "await callback",
    ),
}
"""By the innermost coroutine of ours that waits; a callback is a future's or a timer's."""
POINTS_TO_HIT = tuple(
    f"{kind} @ {point}"
    for kind, points in POINTS.items()
    for point in (*[each for each in points if each != "await"], *_AWAITS.get(kind, ()))
)
