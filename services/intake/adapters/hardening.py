"""Close the ways in which faust-streaming 0.15.3 loses or doubles records.

Subclasses where Faust lets itself be given a transport, no patched modules. Each class names the
defect it closes; `check_versions` refuses any other Faust, where all of it must be read again.

F1  commits step over a record that is still in flight at the head (its issue 606)
F2  the producer's buffer gives up flushing after 0.1 s without progress
F3  a failed send is only logged, with the whole message
F4  the producer is not idempotent in at-least-once mode
F7  the pure-Python stream acknowledges records of an earlier generation unread
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import faust
import faust.streams
from faust.sensors import Sensor
from faust.transport import producer as faust_producer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import FutureMessage
from typing_extensions import override

from services.runtime.errors import PromiseBrokenError

FAUST_VERSION = "0.15.3"
FLUSH_LIMIT_S = 15.0


def check_versions() -> None:
    """Refuse a Faust that this module was not written against.

    Raises:
        PromiseBrokenError: Another version, or one without its compiled stream (F7).
    """
    if faust.__version__ != FAUST_VERSION:
        raise PromiseBrokenError(
            f"faust-streaming is {faust.__version__}, its known losses are closed for "
            f"{FAUST_VERSION}: install what requirements/ locks"
        )
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise PromiseBrokenError(
            "faust-streaming runs without its compiled stream: unset NO_CYTHON and install its "
            "wheel for this Python"
        )


class PatientBuffer(faust_producer.ProducerBuffer):
    """Flushes until nothing is queued or being sent, or raises (F2)."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self._in_flight = 0

    @override
    async def flush(self) -> None:
        """Return once all is handed over.

        Raises:
            PromiseBrokenError: It is not within the limit.
        """
        try:
            async with asyncio.timeout(FLUSH_LIMIT_S):
                # Faust's queue tells nobody when it is empty.
                while self.size or self._in_flight:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        except TimeoutError:
            raise PromiseBrokenError(
                f"{self.size + self._in_flight} records are not sent after {FLUSH_LIMIT_S} s"
            ) from None

    @override
    async def _send_pending(self, fut: FutureMessage) -> None:
        self._in_flight += 1
        try:
            await super()._send_pending(fut)
        finally:
            self._in_flight -= 1


class IdempotentProducer(driver.Producer):
    """Retries without doubling and without changing the order (F4), with a patient buffer (F2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = PatientBuffer(loop=self.loop, beacon=self.beacon)
        self.buffer.app = self.app

    @override
    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class OrderlyConsumer(driver.Consumer):
    """Commits nothing at or past a record that is still in flight (F1)."""

    @override
    def _new_offset(self, tp: TP) -> int | None:
        in_flight = [m.offset for m in self._unacked_messages if m.tp == tp and not m.acked]
        acked = self._acked[tp]
        if not in_flight or not acked:
            return super()._new_offset(tp)
        floor = min(in_flight)
        late = [offset for offset in acked if offset >= floor]
        self._acked[tp] = [offset for offset in acked if offset < floor]
        try:
            return super()._new_offset(tp)
        finally:
            self._acked[tp].extend(late)


class HardenedTransport(driver.Transport):
    """Kafka by aiokafka, with the consumer and the producer of this module."""

    Consumer = OrderlyConsumer
    Producer = IdempotentProducer


class SendErrorSensor(Sensor):
    """Tells about any send that failed, whoever awaited it or not (F3)."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._failed = failed

    @override
    def on_send_error(self, producer: Any, exc: BaseException, state: Any) -> None:
        """Pass the failure on."""
        self._failed(exc)


def harden(app: faust.App, failed: Callable[[BaseException], None]) -> None:
    """Give an app that has not started the transport of this module.

    Args:
        app: The app; its broker is known and nothing of it was used yet.
        failed: Called with the error of a send that failed.
    """
    check_versions()
    app.transport = HardenedTransport(app.conf.broker_consumer, app)
    app.producer_transport = HardenedTransport(app.conf.broker_producer, app)
    app.sensors.add(SendErrorSensor(failed))
    # Its warning about a failed send quotes the message (F3); the sensor tells without.
    logging.getLogger("faust.topics").setLevel(logging.CRITICAL)
