"""The slots of a stack, as its published endpoints and their own pages tell."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

ANSWER_S = 1.5
# Never through a proxy: an environment may name one even for loopback.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SlotPages:
    """Names the slots, and asks each whether it is ready."""

    def __init__(
        self, counts: Mapping[str, int], pids: Mapping[str, int], health: Mapping[str, str]
    ) -> None:
        """Take what is published.

        Args:
            counts: Slots by kind of service.
            pids: Running processes by slot.
            health: Address of each slot's readiness page.
        """
        self._counts = counts
        self._pids = pids
        self._health = health

    def of(self, kind: str) -> list[str]:
        """Return the names of the slots of a kind; see `Slots.of`."""
        return [f"{kind}-{number}" for number in range(self._counts.get(kind, 0))]

    def why_not_ready(self, slot: str) -> str | None:
        """Return what keeps a slot from deciding; see `Slots.why_not_ready`."""
        if slot not in self._pids:
            return f"{slot} is not running"
        try:
            _direct.open(self._health.get(slot, ""), timeout=ANSWER_S).close()
        except urllib.error.HTTPError as error:
            return f"{slot} is not ready: {_reasons(error)}"
        except (urllib.error.URLError, OSError, ValueError):
            return f"{slot} does not answer within {ANSWER_S:g} s"
        return None


def _reasons(error: urllib.error.HTTPError) -> str:
    try:
        waiting = json.loads(error.read(2_000)).get("waiting_for", {})
        return ", ".join(map(str, waiting.values()))
    except (ValueError, AttributeError):
        return f"its page says {error.code}"
