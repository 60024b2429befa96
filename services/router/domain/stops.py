"""Scopes in which nobody is called until an operator resumes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from services.router.domain.contact import CampaignId, SeatId
from services.router.domain.seat_table import CentreId


class StopScope(enum.Enum):
    """What a stop covers."""

    ALL = "all"
    CAMPAIGN = "campaign"
    SEAT = "seat"
    CENTRE = "centre"


Scoped = tuple[StopScope, str]
"""A scope and the id of the campaign, seat or centre; empty for all."""


@dataclass(frozen=True, slots=True)
class Stops:
    """The stops in force."""

    scopes: frozenset[Scoped] = frozenset()

    def stopped(self, scoped: Scoped) -> Stops:
        """Return the stops with one more."""
        return Stops(self.scopes | {scoped})

    def resumed(self, scoped: Scoped) -> Stops:
        """Return the stops without one; lifting what does not hold changes nothing."""
        return Stops(self.scopes - {scoped})

    def cover(self, campaign: CampaignId, seat_id: SeatId, centre_id: CentreId) -> bool:
        """Tell whether a contact of this campaign, seat and centre is stopped."""
        scopes = self.scopes
        return bool(scopes) and (
            (StopScope.ALL, "") in scopes
            or (StopScope.SEAT, seat_id) in scopes
            or (StopScope.CENTRE, centre_id) in scopes
            or (StopScope.CAMPAIGN, campaign) in scopes
        )
