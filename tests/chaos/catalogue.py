"""The kinds of faults there are."""

import signal
from collections.abc import Callable

from tests.chaos import cut_off, small_disk, stepped_clock
from tests.chaos.desk_signs import CallsGoOn, SignsInAgain
from tests.chaos.harms import FullDisk, Harm, Pause, PostgresAway, Signal, SteppedClock
from tests.chaos.kinds import Kind, Lane, Struck
from tests.chaos.signs import FACTS, RULINGS, DecidesAgain, ForeignRuled, NoGap, RecordsAgain, Sign
from tests.chaos.world import BUSIEST_GATEWAY, Sizes

GAP_WINDOW_S = 12.0
"""So long decisions are watched for gaps: a dead broker is noticed in half of that."""

# --- how recovery is seen ------------------------------------------------------------------------


def _decides(topic: str) -> Callable[[Struck], Sign]:
    def sign(struck: Struck) -> Sign:
        return DecidesAgain(topic, struck.victim, struck.board.owners(topic), struck.at_ms)

    return sign


def _signs_in(struck: Struck) -> Sign:
    return SignsInAgain(struck.board.bindings, struck.at_ms)


def _calls_go_on(struck: Struck) -> Sign:
    return CallsGoOn(struck.board.bindings, struck.at_ms)


def _records(after: str, *, from_heal: bool = False) -> Callable[[Struck], Sign]:
    def sign(struck: Struck) -> Sign:
        known = struck.board.positions()
        if struck.victim.startswith("recorder-"):
            slot = int(struck.victim.rpartition("-")[2])
            of_slot = struck.sizes.recorders
            known = {log: at for log, at in known.items() if log[1] % of_slot == slot}
        return RecordsAgain(known, struck.at_ms, after=after, from_heal=from_heal)

    return sign


def _no_gap(struck: Struck) -> Sign:
    # One of three is replaced while it is away; the only one must come back itself.
    from_heal = struck.lasts_s > 0 and struck.sizes.brokers == 1
    window_s = struck.lasts_s + GAP_WINDOW_S if not from_heal else GAP_WINDOW_S
    return NoGap(struck.board.logs, struck.at_ms, window_s, from_heal=from_heal)


def _steady(struck: Struck) -> Sign:
    window_s = struck.lasts_s + GAP_WINDOW_S / 2
    return NoGap(struck.board.logs, struck.at_ms, window_s, from_heal=False)


# --- what is done --------------------------------------------------------------------------------


def _signal(number: signal.Signals) -> Callable[[Struck], Harm]:
    return lambda struck: Signal(struck.world.process(struck.victim), number)


_killed, _asked = _signal(signal.SIGKILL), _signal(signal.SIGTERM)


def _paused(struck: Struck) -> Harm:
    return Pause(struck.world.process(struck.victim))


def _cut_from(servers: str) -> Callable[[Struck], Harm]:
    def harm(struck: Struck) -> Harm:
        world = struck.world
        victim = world.process(struck.victim).pid
        return cut_off.CutOff(victim, world.ports(servers), world.servers(servers))

    return harm


def _without_data(struck: Struck) -> Harm:
    return PostgresAway(struck.world.process("postgres"), struck.world.layout.postgres)


def _full(struck: Struck) -> Harm:
    return FullDisk(struck.world.disk)


def _stepped(struck: Struck) -> Harm:
    struck.world.process(struck.victim)
    return SteppedClock(struck.world.clocks, struck.victim, stepped_clock.step_of(struck.lasts_s))


# --- the kinds -----------------------------------------------------------------------------------

_TAKEN_OVER = "its partitions are decided for again, nothing is lost or decided twice"
_TOLD_APART = "another slot takes over; what the victim still writes counts for nobody"
_BEYOND_SILENCE = (5.0, 9.0)
"""An owner is silent for three seconds before another one may claim."""
_AWAY = (15.0, 60.0)
_OWNERS = (
    ("router", Lane.ROUTER, RULINGS, "the next ruling of each of its partitions"),
    (
        "dispatcher",
        Lane.DISPATCHER,
        FACTS,
        "the next contact queued or offered in each of its partitions",
    ),
)


def _of_owners() -> list[Kind]:
    found: list[Kind] = []
    for name, lane, topic, seen in _OWNERS:
        sign = _decides(topic)
        found += [
            Kind(
                f"kill_{name}", lane, "{victim} is killed", _TAKEN_OVER, seen, _killed, sign,
                cards=5, bar_s=5.0,
            ),
            Kind(
                f"restart_{name}", lane, "{victim} is asked to end, and started again",
                _TAKEN_OVER, seen, _asked, sign,
            ),
            Kind(
                f"pause_{name}", lane, "{victim} is paused for {lasts}", _TOLD_APART, seen,
                _paused, sign, _BEYOND_SILENCE, settles_s=5.0,
            ),
            Kind(
                f"cut_{name}", lane, "{victim} is cut off from the brokers for {lasts}",
                _TOLD_APART, seen, _cut_from("kafka-"), sign, _BEYOND_SILENCE, settles_s=5.0,
                refusal=lambda _: cut_off.refusal(),
            ),
        ]  # fmt: skip
    return found


_RESUMED = "its sessions are signed in again, calls go on, and no number is shown twice"
_SUSPECT = "its sessions are suspect and get no offers; no number is shown after its time"
_SIGNED_IN = "all sessions that were bound to it are bound again"
_SHOWN = "a number is shown to one of its sessions after its return"
_GATEWAYS = [
    Kind(
        "kill_gateway", Lane.GATEWAY, "{victim} is killed", _RESUMED, _SIGNED_IN, _killed,
        _signs_in, cards=5, bar_s=5.0, settles_s=8.0,
    ),
    Kind(
        "restart_gateway", Lane.GATEWAY, "{victim} is asked to end, and started again", _RESUMED,
        _SIGNED_IN, _asked, _signs_in, settles_s=8.0,
    ),
    Kind(
        "pause_gateway", Lane.GATEWAY, "{victim} is paused for {lasts}", _SUSPECT, _SHOWN,
        _paused, _calls_go_on, (6.0, 14.0),
    ),
    Kind(
        "cut_gateway", Lane.GATEWAY, "{victim} is cut off from the brokers for {lasts}", _SUSPECT,
        _SHOWN, _cut_from("kafka-"), _calls_go_on, (6.0, 12.0),
        refusal=lambda _: cut_off.refusal(),
    ),
]  # fmt: skip

_ONCE = "no decision waits for it, and every one is recorded, once"
_ROWS = "its positions move on, in the transaction of the rows"
_RECORDERS = [
    Kind(
        "kill_recorder", Lane.RECORDER, "{victim} is killed", _ONCE, _ROWS, _killed,
        _records("claim"), cards=5,
    ),
    Kind(
        "restart_recorder", Lane.RECORDER, "{victim} is asked to end, and started again", _ONCE,
        _ROWS, _asked, _records("claim"),
    ),
    Kind(
        "pause_recorder", Lane.RECORDER, "{victim} is paused for {lasts}", _ONCE, _ROWS, _paused,
        _records("heal", from_heal=True), _BEYOND_SILENCE,
    ),
    Kind(
        "cut_recorder", Lane.RECORDER, "{victim} is cut off from the brokers for {lasts}", _ONCE,
        _ROWS, _cut_from("kafka-"), _records("heal", from_heal=True), _BEYOND_SILENCE,
        refusal=lambda _: cut_off.refusal(),
    ),
    Kind(
        "cut_recorder_postgres", Lane.RECORDER, "{victim} is cut off from Postgres for {lasts}",
        _ONCE, _ROWS, _cut_from("postgres"), _records("heal", from_heal=True), (5.0, 14.0),
        refusal=lambda _: cut_off.refusal(),
    ),
]  # fmt: skip

_ON_WITHOUT = "deciding goes on without it, and recording when it is back"
_ALL_ROWS = "every recorder's positions move on"
_SERVERS = [
    Kind(
        "kill_intake", Lane.INTAKE, "{victim} is killed", "every foreign contact comes in, once",
        "the next ruling on a foreign contact", _killed, lambda s: ForeignRuled(s.at_ms),
        settles_s=15.0,
    ),
    Kind(
        "kill_postgres", Lane.POSTGRES, "{victim} is killed", _ON_WITHOUT, _ALL_ROWS, _killed,
        _records("away"), settles_s=10.0,
    ),
    Kind(
        "postgres_away", Lane.POSTGRES, "Postgres is away for {lasts}", _ON_WITHOUT, _ALL_ROWS,
        _without_data, _records("heal", from_heal=True), _AWAY, settles_s=15.0,
    ),
    Kind(
        "full_disk", Lane.POSTGRES, "Postgres has no byte of disk left for {lasts}", _ON_WITHOUT,
        _ALL_ROWS, _full, _records("heal", from_heal=True), (5.0, 15.0), settles_s=12.0,
        refusal=lambda _: small_disk.refusal(),
    ),
    Kind(
        "kill_broker", Lane.BROKER, "{victim} is killed", "others lead its partitions",
        "the last gap between decisions of any partition is over", _killed, _no_gap,
        settles_s=GAP_WINDOW_S + 3.0, cards=5, bar_s=10.0, everywhere=True,
        refusal=lambda sizes: "" if sizes.brokers > 1 else
        "with one broker there is nobody to lead its partitions; give BROKERS=3",
    ),
    Kind(
        "pause_broker", Lane.BROKER, "{victim} is paused for {lasts}",
        "a silent broker is not a silent owner; all goes on with it, or with others",
        "the last gap between decisions of any partition is over", _paused, _no_gap, (4.0, 8.0),
        settles_s=GAP_WINDOW_S + 3.0, everywhere=True,
    ),
    *(
        Kind(
            f"clock_{name}", lane, "the clock of {victim} is put {way} by an hour for {lasts}",
            "a stepped wall clock of a process changes nothing",
            "no partition stands still for a second", _stepped, _steady, (6.0, 12.0),
            settles_s=GAP_WINDOW_S / 2 + 3.0, everywhere=True,
            refusal=lambda _: stepped_clock.refusal(),
        )
        for name, lane in (("router", Lane.ROUTER), ("dispatcher", Lane.DISPATCHER),
                           ("gateway", Lane.GATEWAY), ("recorder", Lane.RECORDER))
    ),
]  # fmt: skip

KINDS = (*_of_owners(), *_GATEWAYS, *_RECORDERS, *_SERVERS)
NEVER_DONE = {
    "kill_supervisor": "the stack ends with its supervisor, as it is meant to",
}


def victims_of(sizes: Sizes) -> dict[Lane, list[str]]:
    """Name whom each lane has, by what they do where that moves from process to process."""
    partitions = range(sizes.partitions)
    return {
        Lane.ROUTER: [f"the router of partition {n}" for n in partitions],
        Lane.DISPATCHER: [f"the dispatcher of partition {n}" for n in partitions],
        Lane.GATEWAY: [BUSIEST_GATEWAY],
        Lane.RECORDER: [f"recorder-{n}" for n in range(min(sizes.recorders, sizes.partitions))],
        Lane.INTAKE: ["intake-0"],
        Lane.POSTGRES: ["postgres"],
        Lane.BROKER: [f"kafka-{n}" for n in range(sizes.brokers)],
    }
