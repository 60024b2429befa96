"""Router and dispatcher alone: their real loops on prefilled topics, beside a bare relay."""

from collections.abc import Mapping

from bench.figures import Figure, Row, at_least
from bench.loops import dispatcher, router
from bench.loops.pace import Pace, apart, topics
from bench.loops.relay import relay
from bench.work import Work
from bench.world import World

_CONTACTS = {1: 60_000, 50: 200_000}
"""So many contacts, by how many a record holds."""
_WHOLE_CONTACTS = 4_000
_OUT = "bench-relayed"


def measure_router(world: World) -> Mapping[str, Figure]:
    """Rule on contacts at one and at fifty a record; the limit passes the same records on."""
    figures: dict[str, Figure] = {}
    for per_record in _CONTACTS:
        pace, bare = _rule(world, per_record)
        name = f"router_{per_record}"
        figures[name] = Figure(pace.per_s, bare.per_s * per_record)
        figures[f"{name}_cpu"] = Figure(pace.cpu_us, bare.cpu_us / per_record)
    return figures


def measure_dispatcher(world: World) -> Mapping[str, Figure]:
    """Take contacts from ruling to outcome; the limit passes the same records on."""
    stack = world.stack()
    bootstrap, partitions = stack["kafka"], stack["partitions"]
    contacts = _at_scale(world, _WHOLE_CONTACTS)
    sources = (dispatcher.COMMANDS, dispatcher.RULINGS)
    with topics(bootstrap, (*sources, dispatcher.FACTS, _OUT), partitions):
        pace = apart(dispatcher.dispatch_backlog, bootstrap, partitions, contacts)
        bare = apart(relay, bootstrap, sources, _OUT, partitions)
    return {
        "dispatcher": Figure(pace.per_s, bare.per_s),
        "dispatcher_cpu": Figure(pace.cpu_us, bare.cpu_us),
    }


def _rule(world: World, per_record: int) -> tuple[Pace, Pace]:
    stack = world.stack()
    bootstrap, partitions = stack["kafka"], stack["partitions"]
    contacts = _at_scale(world, _CONTACTS[per_record])
    with topics(bootstrap, (router.CONTACTS, router.RULINGS, _OUT), partitions):
        pace = apart(
            router.rule_on_backlog,
            bootstrap,
            partitions,
            stack["policy_offset_s"],
            contacts,
            per_record,
        )
        bare = apart(relay, bootstrap, (router.CONTACTS,), _OUT, partitions)
    return pace, bare


def _at_scale(world: World, count: int) -> int:
    return max(500, round(count * world.scale))


ROUTER = Work(
    "router",
    (
        Row("router_1", "contacts/s", at_least(20_000.0)),
        Row("router_1_cpu", "us/contact"),
        Row("router_50", "contacts/s"),
        Row("router_50_cpu", "us/contact"),
    ),
    15,
    measure_router,
)
DISPATCHER = Work(
    "dispatcher_loop",
    (Row("dispatcher", "records/s"), Row("dispatcher_cpu", "us/record")),
    15,
    measure_dispatcher,
)
