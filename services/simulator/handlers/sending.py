"""Send contacts at their planned times, whatever the answers do: an open model.

One record is in flight per partition; what falls due meanwhile gathers and goes into the next.
Runs in a thread of its own, so that the callers' event loop cannot delay it.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.runtime.log_port import SendError, Sent
from services.simulator.domain.arrivals import Arrival
from services.simulator.ports import ContactLog, Journal, Mint, Minted, Ticks

BATCH_CONTACTS = 500
BATCH_BYTES = 256 * 1024
_LONGEST_SERVE_S = 0.05
_SHORTEST_SERVE_S = 0.001
"""The client waits whole milliseconds: asked for less, it returns at once and this loop spins."""
_ACK_WITHIN_MS = 120_000.0


@dataclass(slots=True)
class _Lane:
    """One partition: what waits, and whether a record is in flight."""

    waiting: deque[Minted] = field(default_factory=deque)
    busy: bool = False


class Sending:
    """Works a plan of arrivals off."""

    def __init__(self, log: ContactLog, mint: Mint, journal: Journal, ticks: Ticks) -> None:
        self._log = log
        self._mint = mint
        self._journal = journal
        self._ticks = ticks
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self.stop = threading.Event()
        """Set to end early; what is in flight is still waited for."""
        self.acknowledged = 0
        self.latest_ms = 0.0
        """How far behind its plan the sender was at worst."""

    def run(self, arrivals: Sequence[Arrival], started_ms: float) -> None:
        """Send everything, and return once all is acknowledged.

        Raises:
            TimeoutError: Kafka acknowledged nothing for too long.
        """
        coming = deque(arrivals)
        heard_ms = self._ticks.now_ms()
        while coming or self._unsettled:
            now_ms = self._ticks.now_ms()
            if self.stop.is_set():
                coming.clear()
            self._take_due(coming, now_ms - started_ms)
            self._send_idle()
            before = self.acknowledged
            self._log.serve(_until_next_s(coming, started_ms, now_ms))
            if self.acknowledged > before or not self._unsettled:
                heard_ms = self._ticks.now_ms()
            elif now_ms - heard_ms > _ACK_WITHIN_MS:
                raise TimeoutError("contacts: Kafka acknowledged nothing for two minutes")

    def _take_due(self, coming: deque[Arrival], elapsed_ms: float) -> None:
        while coming and coming[0].at_ms <= elapsed_ms:
            arrival = coming.popleft()
            self.latest_ms = max(self.latest_ms, elapsed_ms - arrival.at_ms)
            minted = self._mint.mint(arrival)
            lane = self._lanes.setdefault((minted.topic, minted.partition), _Lane())
            lane.waiting.append(minted)

    def _send_idle(self) -> None:
        for tp, lane in self._lanes.items():
            if lane.waiting and not lane.busy:
                self._send(tp, lane, _batch(lane.waiting))

    def _send(self, tp: tuple[str, int], lane: _Lane, batch: list[Minted]) -> None:
        def done(settled: Sent | SendError) -> None:
            lane.busy = False
            if isinstance(settled, Sent):
                self._acknowledge(settled, batch)
            elif batch[0].foreign:
                # Sent twice it would be two contacts, as intake tells records by their offset.
                self._journal.write("unacknowledged", contact=batch[0].contact_id)
            else:
                # Whether it is in the log is unknown; the router refuses a repeat.
                lane.waiting.extendleft(reversed(batch))

        lane.busy = True
        self._log.send(tp, self._mint.record(tp[0], batch), done)

    def _acknowledge(self, sent: Sent, batch: list[Minted]) -> None:
        self.acknowledged += len(batch)
        for index, minted in enumerate(batch):
            at = [sent.topic, sent.partition, sent.offset, index]
            self._journal.write("acknowledged", contact=minted.contact_id, at=at)

    @property
    def _unsettled(self) -> bool:
        return any(lane.busy or lane.waiting for lane in self._lanes.values())


def _batch(waiting: deque[Minted]) -> list[Minted]:
    batch: list[Minted] = []
    size = 0
    while waiting and len(batch) < BATCH_CONTACTS and size < BATCH_BYTES:
        minted = waiting.popleft()
        size += len(minted.value)
        batch.append(minted)
        if minted.foreign:
            break
    return batch


def _until_next_s(coming: deque[Arrival], started_ms: float, now_ms: float) -> float:
    if not coming:
        return _LONGEST_SERVE_S
    left_s = (started_ms + coming[0].at_ms - now_ms) / 1_000.0
    return min(max(_SHORTEST_SERVE_S, left_s), _LONGEST_SERVE_S)
