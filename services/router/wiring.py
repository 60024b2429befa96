"""The only place that names the router's adapters."""

from services.router.adapters import topics
from services.router.adapters.live_orders import LiveOrders
from services.router.adapters.log_codec import RouterCodec
from services.router.adapters.metrics import RouterMetrics
from services.router.adapters.observer import RouterObserver
from services.router.adapters.seen_codec import SeenCodec
from services.router.handlers import Orders, RulingHandler
from services.router.settings import RouterSettings
from services.runtime.deciding import decide_until_stopped, decider_reader
from services.runtime.fenced_log.core import Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import SystemIds
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.kafka_wait import wait_for_topics
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD
from services.runtime.slot_lock import SlotLock

INPUTS = Inputs(paced=topics.CONTACTS, live=(topics.MAP, topics.SUPPRESSIONS))


def serve(settings: RouterSettings, process: Process) -> None:
    """Run one router slot until it is asked to stop."""
    lock = SlotLock(settings.state, settings.slot)
    wanted = dict.fromkeys((topics.CONTACTS, topics.RULINGS, DEAD), settings.partitions)
    wanted |= {topics.MAP: 1, topics.SUPPRESSIONS: 1}
    if not wait_for_topics(settings.kafka, wanted, process):
        return
    reader = decider_reader(settings.kafka, settings.slot, topics.RULINGS, INPUTS)
    writer = KafkaLogWriter(settings.kafka, settings.slot)
    metrics = RouterMetrics(process.registry)
    orders = Orders(settings.policy_offset_ms)
    rulings: dict[int, RulingHandler] = {}
    metrics.watch_dedupe(lambda: [each.seen for each in tuple(rulings.values())])
    metrics.watch_unwanted(
        lambda: [share for each in tuple(rulings.values()) for share in each.unwanted.values()]
    )

    def new_core(partition: int) -> RulingHandler:
        rulings[partition] = RulingHandler(orders, settings.dedupe_window_ms)
        return rulings[partition]

    decider = Decider(
        Place(
            topics.RULINGS,
            settings.partitions,
            settings.slot,
            settings.slot_index,
            settings.slots,
            settings.owner_silence_ms,
            queued_max=settings.inputs_queued_max,
        ),
        INPUTS,
        new_core,
        RouterCodec(),
        SeenCodec(),
        World(
            reader,
            writer,
            process.clock,
            SystemIds(),
            RouterObserver(process, metrics, writer),
            LiveOrders(orders, metrics).take,
        ),
    )
    decide_until_stopped(process, decider, reader, writer)
    lock.close()
