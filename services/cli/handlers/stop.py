"""Stop and resume: load what stands, decide whether anything changes, append, wait."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.cli.domain.scope import Kind, Scope, near
from services.cli.errors import NotDoneError
from services.cli.ports.orders import Settled, Standing, StopLog, StopOrder
from services.cli.ports.signature import Signature

WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class StopWish:
    """What the operator wants."""

    scope: Scope
    resume: bool
    signature: Signature
    dry_run: bool
    wait: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """What came of it."""

    wish: StopWish
    changed: bool
    """False: it was so already."""
    stops: Sequence[StopOrder]
    """Stops that are ordered after it."""
    partitions: int
    settled: Settled | None = None
    """None when nobody waited."""

    @property
    def missing(self) -> list[int]:
        """Partitions in which it is not known to be in force."""
        if self.settled is None:
            return []
        return [n for n in range(self.partitions) if n not in self.settled.applied]

    @property
    def offers_open(self) -> int:
        """Offers of the scope that are not known to be taken back."""
        return self.settled.offers - self.settled.rescinded if self.settled else 0


@dataclass(frozen=True, slots=True)
class StopHandler:
    """Stops or resumes one scope."""

    log: StopLog

    def __call__(self, wish: StopWish) -> Stopped:
        """Do it; what is so already is not ordered again, and waited for all the same.

        Raises:
            NotDoneError: The scope is unknown, or the stack is away.
        """
        standing = self.log.standing()
        _check(wish, standing)
        known = standing.stops.get(wish.scope)
        changed = (known is not None and known.in_force) is wish.resume
        ordered_at_ms = None
        if changed and not wish.dry_run:
            ordered_at_ms = self.log.order(wish.scope, wish.signature, resume=wish.resume)
        stops = [s for s in standing.in_force if s.scope != wish.scope or not wish.resume]
        if changed and not wish.resume:
            stops.append(StopOrder(wish.scope, wish.signature, ordered_at_ms or 0, in_force=True))
        done = Stopped(wish, changed, stops, standing.partitions)
        if wish.dry_run or not wish.wait:
            return done
        settled = self.log.settled(wish.scope, ordered_at_ms, WITHIN_S, resume=wish.resume)
        return replace(done, settled=settled)


def _check(wish: StopWish, standing: Standing) -> None:
    """Refuse a scope that nobody knows: a misspelt one would stop or resume nothing."""
    scope = wish.scope
    if scope in standing.stops:
        return
    known = {Kind.SEAT: standing.seats, Kind.CENTRE: standing.centres}.get(scope.kind)
    if known is not None and scope.id not in known:
        in_use = "is not in the map in use" if known else "cannot be known: no map is in use"
        raise NotDoneError(f"--{scope.kind}: {scope.id} {in_use}{near(scope.id, known)}")
    if wish.resume and scope.kind is Kind.CAMPAIGN:
        # Campaigns are free names: a resume of one that was never stopped is one misspelt.
        stopped = [s.scope.id for s in standing.in_force if s.scope.kind is Kind.CAMPAIGN]
        raise NotDoneError(
            f"--campaign: {scope.id} was never stopped; stopped campaigns: "
            f"{', '.join(stopped) or 'none'}"
        )
