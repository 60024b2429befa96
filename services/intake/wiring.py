"""Put intake together and run it: the only place that names its adapters."""

import asyncio
import os
from typing import NoReturn

from services.intake.adapters.codec import CONTACTS_TOPIC, DEAD_TOPIC, INTAKE_TOPIC, ForeignReader
from services.intake.adapters.faust_app import AppPlace, new_app
from services.intake.adapters.faust_in import FaustIntake
from services.intake.adapters.faust_out import FaustOutbox
from services.intake.adapters.metrics import IntakeMetrics
from services.intake.adapters.seals import StackSeals
from services.intake.domain.ceiling import Ceiling
from services.intake.domain.checking import Rules
from services.intake.handlers import ForeignRecordsHandler
from services.intake.settings import IntakeSettings
from services.runtime.errors import EXIT_PROMISE_BROKEN, PromiseBrokenError
from services.runtime.kafka_wait import wait_for_topics
from services.runtime.lifecycle import Process
from services.runtime.sealing import Sealer

_LOOK_EVERY_S = 0.5


async def serve(settings: IntakeSettings, process: Process) -> None:
    """Run intake until it is asked to stop.

    The process ends with 70 when it can no longer read or send, or too much of what it reads is
    dead.
    """
    topics = dict.fromkeys((INTAKE_TOPIC, CONTACTS_TOPIC, DEAD_TOPIC), settings.partitions)
    if not await asyncio.to_thread(wait_for_topics, settings.kafka, topics, process):
        return
    worker = _worker(settings, process)
    beating = asyncio.create_task(_beat(process))
    try:
        await worker.start()
        while not process.stop.asked:
            _tell(process, is_assigned=worker.is_assigned)
            await worker.ended(_LOOK_EVERY_S)
    except PromiseBrokenError as error:
        _end_at_once(process, str(error))
    if not await worker.stop():
        _end_at_once(process, "Faust did not stop in time; what it had in hand is read again")
    beating.cancel()


def _end_at_once(process: Process, reason: str) -> NoReturn:
    """End the process as a kill would, but with a reason.

    Nothing is lost by that and nothing is saved by more: what is not acknowledged stays unread.
    And Faust can't be waited for, because it swallows cancellation while its broker is away.
    """
    process.log.error("stopping: a promise could not be kept", reason=reason)
    os._exit(EXIT_PROMISE_BROKEN)


def _worker(settings: IntakeSettings, process: Process) -> FaustIntake:
    folder = settings.state / "faust" / settings.slot
    folder.mkdir(parents=True, exist_ok=True)
    app = new_app(AppPlace(settings.kafka, settings.slot, folder))
    handler = ForeignRecordsHandler(
        reader=ForeignReader(),
        seals=StackSeals(Sealer.from_file(settings.key_file)),
        outbox=FaustOutbox(app, settings.partitions),
        meter=IntakeMetrics(process.registry),
        rules=Rules(settings.phone_country, settings.phone_strict, settings.contact_valid_s * 1000),
        ceiling=Ceiling(settings.dead_share_max, settings.dead_window, settings.dead_records_min),
    )
    return FaustIntake(app, handler)


async def _beat(process: Process) -> None:
    while True:
        process.health.beat()
        await asyncio.sleep(_LOOK_EVERY_S)


def _tell(process: Process, *, is_assigned: bool) -> None:
    if is_assigned:
        process.started()
    process.health.ready("assigned", is_assigned, "no partitions of seatline.intake.v1 yet")
