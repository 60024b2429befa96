"""Whether a contact may still be offered here (promise 4; rules 4.1 to 4.3)."""

from collections.abc import Set

from services.dispatcher.domain.floor import Floor, LiveContact
from services.dispatcher.domain.words import EndReason, Objection, ReturnReason, StopScope


def objection(floor: Floor, live: LiveContact) -> Objection | None:
    """Return why a queued or offered contact must leave: back to the bank, or for good.

    Time is not looked at here; waits have timers, and offer and confirm check T themselves.
    """
    if is_withdrawn(floor, live):
        return EndReason.WITHDRAWN
    if is_stopped(floor, live):
        return ReturnReason.STOPPED
    if live.policy_version < floor.rules.required:
        return ReturnReason.STALE_POLICY
    return _map_objection(floor, live)


def is_withdrawn(floor: Floor, live: LiveContact) -> bool:
    """Tell whether the person opted out or was erased, or the contact was recalled."""
    withdrawn = floor.withdrawn
    return live.contact.person_key in withdrawn or live.contact.contact_id in withdrawn


def is_stopped(floor: Floor, live: LiveContact) -> bool:
    """Tell whether a stop covers the contact."""
    return bool(floor.stops) and is_covered(live, floor.stops)


def is_covered(live: LiveContact, stops: Set[tuple[StopScope, str]]) -> bool:
    """Tell whether one of some stops covers the contact."""
    scopes = {
        (StopScope.ALL, ""),
        (StopScope.CAMPAIGN, live.contact.campaign),
        (StopScope.SEAT, live.seat_id),
        (StopScope.CENTRE, live.centre_id),
    }
    return not scopes.isdisjoint(stops)


def _map_objection(floor: Floor, live: LiveContact) -> ReturnReason | None:
    if live.map_version > floor.map_version:
        return None  # waits for its map (rule 4.2)
    home = floor.home.get(live.seat_id)
    if home != live.centre_id:
        stale = live.map_version < floor.map_version
        return ReturnReason.STALE_MAP if stale else ReturnReason.WRONG_PARTITION
    return None if floor.centre(live.centre_id).takes else ReturnReason.DRAINED
