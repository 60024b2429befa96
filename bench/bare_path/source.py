"""The source of contacts: an open model, in a thread of its own as in the simulator."""

import threading
import time
from collections import deque
from collections.abc import Sequence

from bench.bare_path.setting import Contact, Setting
from bench.bare_path.wire import Entry, Step, encode
from bench.loops.lanes import Lanes
from services.runtime.kafka_log import KafkaLogWriter

_LONGEST_SERVE_S = 0.05
_SHORTEST_SERVE_S = 0.001
"""The client waits whole milliseconds: asked for less, it returns at once and this loop spins."""


class Source:
    """Sends contacts at their planned times, whatever becomes of them."""

    def __init__(self, setting: Setting, contacts: Sequence[Contact]) -> None:
        self.stop = threading.Event()
        """Set to end early."""
        self.latest_s = 0.0
        """How far behind its plan it was at worst."""
        self._contacts = contacts
        self._writer = KafkaLogWriter(setting.bootstrap, "bare-source")
        self._lanes = Lanes(self._writer, setting.logs.contacts.topic)

    def run(self, begin_s: float) -> None:
        """Send everything, and return once all is acknowledged."""
        coming = deque(enumerate(self._contacts))
        while (coming or not self._lanes.idle) and not self.stop.is_set():
            elapsed_s = time.monotonic() - begin_s
            while coming and coming[0][1].at_s <= elapsed_s:
                self._take(*coming.popleft(), elapsed_s)
            self._lanes.send()
            left_s = coming[0][1].at_s - elapsed_s if coming else _LONGEST_SERVE_S
            self._writer.serve(min(max(_SHORTEST_SERVE_S, left_s), _LONGEST_SERVE_S))

    def _take(self, number: int, contact: Contact, elapsed_s: float) -> None:
        self.latest_s = max(self.latest_s, elapsed_s - contact.at_s)
        about = Entry(Step.CONTACT, contact.floor, contact.stream, number)
        self._lanes.add(contact.partition, encode(Step.CONTACT, about))
