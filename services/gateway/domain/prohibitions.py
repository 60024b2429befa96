"""Withdrawals and stops, as this gateway has read them (rules 4.1 and 4.3)."""

import enum

from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Confirmed


class Scope(enum.Enum):
    """What a stop covers."""

    ALL = "all"
    CAMPAIGN = "campaign"
    SEAT = "seat"
    CENTRE = "centre"


class Prohibitions:
    """Who must not be called. A withdrawal stays; a stop ends with its resume."""

    def __init__(self) -> None:
        self._persons: set[bytes] = set()
        self._contacts: set[str] = set()
        self._stops: set[tuple[Scope, str]] = set()

    def withdraw(self, person_key: bytes, contact_id: str) -> None:
        """Forbid a person, or for a recall one contact."""
        if person_key:
            self._persons.add(person_key)
        if contact_id:
            self._contacts.add(contact_id)

    def stop(self, scope: Scope, scope_id: str) -> None:
        """Forbid everybody in a scope; the id is empty for all."""
        self._stops.add((scope, scope_id))

    def resume(self, scope: Scope, scope_id: str) -> None:
        """Lift the stop of exactly this scope."""
        self._stops.discard((scope, scope_id))

    def why_not(self, confirmed: Confirmed) -> WhyNot | None:
        """Return why the person may not be called, or None."""
        if confirmed.person_key in self._persons or confirmed.attempt.contact_id in self._contacts:
            return WhyNot.WITHDRAWN
        scopes = (
            (Scope.ALL, ""),
            (Scope.CAMPAIGN, confirmed.campaign),
            (Scope.SEAT, confirmed.seat_id),
            (Scope.CENTRE, confirmed.centre_id),
        )
        if any(scope in self._stops for scope in scopes):
            return WhyNot.STOPPED
        return None
