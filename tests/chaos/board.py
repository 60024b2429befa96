"""What is known of the stack's logs and rows just now, and the signs that are waited for."""

import threading
from collections.abc import Callable

from tests.chaos.desk_signs import Bindings
from tests.chaos.signs import FACTS, RULINGS, Heard, Log, Moved, Reign, Sign


class Board:
    """Gets every record and every move once, in order, and hands it to the open signs.

    Any thread may call.
    """

    def __init__(self, partitions: int, come: Callable[[Sign], None]) -> None:
        """Begin with nothing known.

        Args:
            partitions: Of rulings and facts.
            come: Hears of each sign that has come, in the thread that brought it.
        """
        self.logs: tuple[Log, ...] = tuple(
            (topic, number) for topic in (RULINGS, FACTS) for number in range(partitions)
        )
        self.bindings = Bindings()
        self._owners: dict[Log, Reign] = {}
        self._positions: dict[Log, Moved] = {}
        self._open: list[Sign] = []
        self._come = come
        self._lock = threading.Lock()

    def owners(self, topic: str) -> dict[int, Reign]:
        """Return who owns each partition of a log, as far as it was read."""
        with self._lock:
            return {number: reign for (of, number), reign in self._owners.items() if of == topic}

    def positions(self) -> dict[Log, Moved]:
        """Return how far each log is recorded."""
        with self._lock:
            return dict(self._positions)

    def is_known(self) -> bool:
        """Tell whether every partition has an owner and a position."""
        with self._lock:
            return len(self._owners) == len(self._positions) == len(self.logs)

    def wait_for(self, sign: Sign) -> None:
        """Open a sign; what is heard from now on may bring it."""
        with self._lock:
            self._open.append(sign)

    def forget(self, sign: Sign) -> None:
        """Wait for a sign no longer."""
        with self._lock:
            self._open.remove(sign)

    def healed(self, sign: Sign, at_ms: int) -> None:
        """Tell a sign that its harm was taken back."""
        with self._lock:
            sign.healed(at_ms)

    def hear(self, heard: Heard) -> None:
        """Take a record that counts."""
        with self._lock:
            for sign in self._open:
                sign.hear(heard)
            self.bindings.hear(heard)
            self._owners[heard.log] = heard.reign
            self._settle()

    def moved(self, moved: Moved) -> None:
        """Take a position that has moved."""
        with self._lock:
            self._positions[moved.log] = moved
            for sign in self._open:
                sign.moved(moved)
            self._settle()

    def away(self) -> None:
        """Take note that Postgres does not answer."""
        with self._lock:
            for sign in self._open:
                sign.away()

    def _settle(self) -> None:
        come = [sign for sign in self._open if sign.done]
        if come:
            self._open = [sign for sign in self._open if not sign.done]
        for sign in come:
            self._come(sign)
