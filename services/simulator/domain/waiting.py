"""Which centres have contacts waiting, by the plan of arrivals."""

from collections import Counter
from collections.abc import Mapping, Sequence

from services.simulator.domain.arrivals import Arrival


class Waiting:
    """Sets contacts that are due against those that were offered, centre by centre.

    A contact that was offered and came back is not counted: it waits for its second offer.
    """

    def __init__(self, arrivals: Sequence[Arrival], centre_of: Mapping[str, str]) -> None:
        """Begin before the first arrival.

        Args:
            arrivals: The plan, in the order of time.
            centre_of: Centre by seat.
        """
        self._arrivals = arrivals
        self._centre_of = centre_of
        self._next = 0
        self._due: Counter[str] = Counter()

    def at(self, elapsed_ms: float, offered: Mapping[str, int]) -> Counter[str]:
        """Count who waits; each arrival is looked at once in a run.

        Args:
            elapsed_ms: Since the start of the load; never less than the time before.
            offered: First offers by seat.
        """
        while self._next < len(self._arrivals) and self._arrivals[self._next].at_ms <= elapsed_ms:
            self._due[self._arrivals[self._next].seat_id] += 1
            self._next += 1
        waiting: Counter[str] = Counter()
        for seat_id, due in self._due.items():
            waiting[self._centre_of[seat_id]] += due - offered.get(seat_id, 0)
        return waiting
