"""The only place that names the dispatcher's adapters."""

from services.dispatcher.adapters import topics
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.adapters.floor_page import PATH, FloorPage, look
from services.dispatcher.adapters.metrics import DispatcherMetrics
from services.dispatcher.adapters.observer import DispatcherObserver
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.dispatcher.settings import DispatcherSettings
from services.runtime.deciding import decide_until_stopped, decider_reader
from services.runtime.fenced_log.core import Inputs
from services.runtime.fenced_log.decider import Decider
from services.runtime.fenced_log.question import Asker
from services.runtime.fenced_log.world import Place, World
from services.runtime.ids import SystemIds
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.kafka_wait import wait_for_topics
from services.runtime.lifecycle import Process
from services.runtime.set_aside import DEAD
from services.runtime.slot_lock import SlotLock

INPUTS = Inputs(
    paced=topics.COMMANDS, orders=(topics.MAP, topics.SUPPRESSIONS), spread=topics.RULINGS
)


def serve(settings: DispatcherSettings, process: Process) -> None:
    """Run one dispatcher slot until it is asked to stop."""
    lock = SlotLock(settings.state, settings.slot)
    partitioned = (topics.FACTS, topics.COMMANDS, topics.RULINGS, DEAD)
    wanted = dict.fromkeys(partitioned, settings.partitions)
    wanted |= {topics.MAP: 1, topics.SUPPRESSIONS: 1}
    if not wait_for_topics(settings.kafka, wanted, process):
        return
    reader = decider_reader(settings.kafka, settings.slot, topics.FACTS, INPUTS)
    writer = KafkaLogWriter(settings.kafka, settings.slot)
    metrics = DispatcherMetrics(process.registry)
    observer = DispatcherObserver(process, metrics, writer)
    limits = Limits(waiting_max=settings.contacts_waiting_max)

    def new_core(partition: int) -> FloorHandler:
        handler = FloorHandler(limits, topics.RULINGS)
        metrics.watch_floor(partition, lambda: handler.floor.waiting)
        return handler

    place = Place(
        topics.FACTS,
        settings.partitions,
        settings.slot,
        settings.slot_index,
        settings.slots,
        settings.owner_silence_ms,
        queued_max=settings.inputs_queued_max,
    )
    decider = Decider(
        place,
        INPUTS,
        new_core,
        DispatcherCodec(settings.partitions),
        FloorCodec(),
        World(reader, writer, process.clock, SystemIds(), observer),
    )
    process.pages[PATH] = FloorPage(settings.slot, Asker(decider, look))
    decide_until_stopped(process, decider, reader, writer)
    lock.close()
