"""The page /floor: what this slot has in memory of the partitions that it owns."""

from typing import Any

import orjson

from services.dispatcher.domain.words import Activity, Place, Presence
from services.dispatcher.handlers import FloorHandler
from services.runtime.fenced_log.question import Asker, NotToldError, Told

PATH = "/floor"
_JSON = "application/json"
# By number: a member's own name costs more than all the rest of its line.
_PLACES = ("", *(place.name.lower() for place in Place))
_ACTIVITIES = ("", *(activity.name.lower() for activity in Activity))
_PRESENCES = ("", *(presence.name.lower() for presence in Presence))


def look(core: FloorHandler) -> dict[str, Any]:
    """Copy contacts and caller sessions of a floor: ids and where they stand, nothing sealed."""
    floor = core.floor
    return {
        "contacts": [
            {
                "contact_id": live.contact.contact_id,
                "release": live.contact.release,
                "place": _PLACES[live.place],
                "attempt": live.attempt,
                "session_id": live.session_id,
            }
            for live in floor.contacts.values()
        ],
        "sessions": [
            {
                "session_id": session.session_id,
                "centre_id": session.centre_id,
                "activity": _ACTIVITIES[session.activity],
                "presence": _PRESENCES[session.presence],
                "generation": session.generation,
                "holds": session.contact,
            }
            for session in floor.sessions.values()
        ],
    }


def partition(told: Told) -> dict[str, Any]:
    """Return what is shown of one partition (`docs/interfaces.md`)."""
    point = told.point
    return {
        "partition": told.partition,
        "epoch": point.epoch if point else 0,
        "owner": point.owner.hex() if point else "",
        "seq": point.seq if point else 0,
        "next_offset": told.next_offset,
        **told.state,
    }


class FloorPage:
    """Asks the loop for each request."""

    def __init__(self, slot: str, asker: Asker) -> None:
        self._slot = slot
        self._asker = asker

    def __call__(self) -> tuple[int, str, bytes]:
        """Return the page; 503 and what to do when the loop does not come to it."""
        try:
            told = self._asker.ask()
        except NotToldError as error:
            return 503, _JSON, orjson.dumps({"ok": False, "error": str(error)})
        # One partition at a time: the interpreter is not held from the loop for longer than that.
        parts = [orjson.Fragment(orjson.dumps(partition(each))) for each in told]
        return 200, _JSON, orjson.dumps({"slot": self._slot, "partitions": parts})
