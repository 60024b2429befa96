"""What a seed stands for: contacts, orders and faults, drawn before anything runs.

All of it is data, so that a failing plan can be made smaller and run again.
"""

from dataclasses import dataclass
from random import Random

SEATS = ("S1-1", "S1-2", "S1-3", "S1-4", "S1-5")
CENTRES = {"C001": 0, "C002": 1, "C003": 0}
"""Partition of each centre."""
HOMES = {"S1-1": "C001", "S1-2": "C001", "S1-3": "C002", "S1-4": "C002", "S1-5": "C003"}
CLOSES = "C003"
"""The centre that a map may close."""
CAMPAIGNS = ("spring", "autumn")
SLOTS = (
    "router-0", "router-1", "dispatcher-0", "dispatcher-1", "dispatcher-2", "gateway-0",
    "gateway-1", "recorder-0",
)  # fmt: skip
"""Three dispatchers: when one dies, two others want what it had at the same time."""
DESKS = 4
SESSIONS = {f"P{n}": (n % DESKS, list(CENTRES)[n % len(CENTRES)]) for n in range(9)}
"""Desk and centre of each caller."""

CONTACTS = (50, 56)
FAULTS = (7, 12)
BEGIN_MS = 1_500
CALM_MS = 11_000
"""From here on nothing goes wrong any more, and all that is open comes to its end."""

POINTS = {
    "router": ("poll", "send", "serve"),
    "dispatcher": ("poll", "send", "serve"),
    "gateway": ("poll", "send", "serve", "read", "write", "await", "unsealing", "open", "number"),
    "recorder": (
        "poll", "claim", "claim done", "record", "record done", "unpublished", "unpublished done",
        "mark_published", "mark_published done", "send", "serve", "await",
    ),
}  # fmt: skip
"""Port calls, and `await` for where a coroutine goes on: where a process can be struck."""

_WEIGHTS = {"unsealing": 4}
"""Points that are drawn more often than others: what goes wrong there, hits a number."""
_TARGETS = {"router": 1, "dispatcher": 2, "gateway": 3, "recorder": 2}

STRIKES = ("crash", "pause", "zombie")
"""Faults that hit a process at a point."""
KINDS = (
    *STRIKES, "lost_ack", "duplicate", "reorder", "delay", "slow_store", "store_away",
    "lost_commit", "clock_step", "broker_clock", "stall", "cut", "vanish", "twice",
)  # fmt: skip
PLANNED = ("hand_over", "leave")
"""Changes of owner that somebody wants: asked for, or by the stop of a slot."""
PLANNED_MAX = 3
ALL_KINDS = (*KINDS, *PLANNED)


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """A contact that comes in at a time."""

    name: str
    at_ms: int
    seat_id: str
    person: int
    campaign: str
    priority: int
    kind: str = "plain"
    """`plain`, `again` (twice in one record), `unknown` seat, `later` (not due), `unreadable`."""


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """What an operator wants."""

    at_ms: int
    kind: str
    """`map`, `stop`, `resume`, `withdraw`, `recall`, `release`, `end`, `interrupt`."""
    what: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    at_ms: int
    kind: str
    target: str
    """Slot, desk, session or nothing, as the kind has it."""
    point: str
    length_ms: int
    pick: int
    """For what else is to be chosen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole simulation, to the last fault."""

    seed: int
    contacts: tuple[PlannedContact, ...]
    orders: tuple[PlannedOrder, ...]
    faults: tuple[Fault, ...]


def plan_of(seed: int) -> Plan:
    """Draw the plan of a seed."""
    chance = Random(f"plan/{seed}")
    contacts = _contacts(chance)
    orders = (*_orders(chance, contacts), *_by_hand(seed, contacts))
    faults = (*_faults(chance), *_planned(seed))
    faults = tuple(sorted(faults, key=lambda fault: fault.at_ms))
    return Plan(seed, contacts, orders, faults)


def _contacts(chance: Random) -> tuple[PlannedContact, ...]:
    count = chance.randint(*CONTACTS)
    times = sorted(chance.randrange(800, CALM_MS - 1_500) for _ in range(count))
    kinds = ("plain",) * 44 + ("again", "again", "unknown", "later", "unreadable")
    return tuple(
        PlannedContact(
            f"K{number}",
            at_ms,
            chance.choice(SEATS),
            chance.randrange(40),
            chance.choice(CAMPAIGNS),
            chance.choice((3, 5, 5, 5, 8)),
            chance.choice(kinds),
        )
        for number, at_ms in enumerate(times, start=1)
    )


def _orders(chance: Random, contacts: tuple[PlannedContact, ...]) -> tuple[PlannedOrder, ...]:
    orders: list[PlannedOrder] = []
    for _ in range(chance.randint(1, 3)):
        person = chance.choice(contacts).person
        orders.append(PlannedOrder(_when(chance), "withdraw", str(person)))
    if chance.random() < 0.5:
        orders.append(PlannedOrder(_when(chance), "recall", chance.choice(contacts).name))
    if chance.random() < 0.6:
        scope = chance.choice(("all/", "campaign/spring", "seat/S1-3", "centre/C002"))
        at_ms = _when(chance)
        orders.append(PlannedOrder(at_ms, "stop", scope))
        orders.append(PlannedOrder(at_ms + chance.randrange(500, 3_000), "resume", scope))
    if chance.random() < 0.6:
        orders.append(PlannedOrder(_when(chance), "map", chance.choice(("move", "close"))))
    return tuple(sorted(orders, key=lambda order: order.at_ms))


def _by_hand(seed: int, contacts: tuple[PlannedContact, ...]) -> tuple[PlannedOrder, ...]:
    """Draw apart from all else: a plan without these is as it was before there were any."""
    chance = Random(f"hand/{seed}")
    if chance.random() < 0.5:
        return ()
    released = [PlannedOrder(_when(chance), "release", chance.choice(contacts).name)]
    kind = chance.choice(("end", "interrupt"))
    return (*released, PlannedOrder(_when(chance), kind, chance.choice(list(SESSIONS))))


def _faults(chance: Random) -> tuple[Fault, ...]:
    count = chance.randint(*FAULTS)
    faults = [_fault(chance) for _ in range(count)]
    return tuple(sorted(faults, key=lambda fault: fault.at_ms))


def _planned(seed: int) -> list[Fault]:
    """Draw the changes of owner of every other seed, from a chance of their own."""
    chance = Random(f"hand-overs/{seed}")
    slots = [name for name in SLOTS if name.startswith(("router", "dispatcher"))]
    return [
        Fault(
            _when(chance),
            chance.choice(PLANNED),
            chance.choice(slots),
            "",
            chance.randrange(100, 2_500),
            chance.randrange(1_000_000),
        )
        for _ in range(chance.randint(1, PLANNED_MAX) if seed % 2 else 0)
    ]


def _fault(chance: Random) -> Fault:
    # A strike can hit at many points, all of which are to be hit: half of all faults are strikes.
    kind = chance.choice(STRIKES) if chance.random() < 0.5 else chance.choice(KINDS)
    target, point, length_ms = _aim(chance, kind)
    return Fault(_when(chance), kind, target, point, length_ms, chance.randrange(1_000_000))


def _aim(chance: Random, kind: str) -> tuple[str, str, int]:
    """Draw whom a fault hits, at which point, and how long it lasts."""
    if kind in STRIKES:
        return _strike(chance, kind)
    if kind == "twice" and chance.random() < 0.6:  # just when a number is about to be shown
        return f"gateway-{chance.randrange(2)}", "unsealing", chance.randrange(100, 1_200)
    desk = f"desk-{chance.randrange(DESKS)}"
    targets = {
        "twice": chance.choice(list(SESSIONS)),
        "lost_ack": _process(chance),
        "reorder": chance.choice(SLOTS),
        "clock_step": chance.choice(SLOTS),
        "cut": desk,
        "vanish": desk,
        "delay": chance.choice((desk, chance.choice(SLOTS))),
    }
    point = "send" if kind == "lost_ack" else ""
    return targets.get(kind, ""), point, chance.randrange(300, 4_000)


def _strike(chance: Random, kind: str) -> tuple[str, str, int]:
    target = _process(chance)
    points = POINTS[target.partition("-")[0]]
    point = chance.choices(points, [_WEIGHTS.get(each, 1) for each in points])[0]
    if kind == "pause" and point == "unsealing":  # until just before, or just after, `dial_by`
        return target, point, chance.randrange(1_700, 2_100)
    shortest, longest = {"crash": (50, 4_000), "pause": (100, 2_500), "zombie": (3_500, 8_000)}[
        kind
    ]
    return target, point, chance.randrange(shortest, longest)


def _process(chance: Random) -> str:
    kind = chance.choices(list(_TARGETS), list(_TARGETS.values()))[0]
    return chance.choice([name for name in SLOTS if name.startswith(kind)])


def _when(chance: Random) -> int:
    return chance.randrange(BEGIN_MS, CALM_MS - 1_000)
