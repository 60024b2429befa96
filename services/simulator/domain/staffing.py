"""Who sits where: caller sessions over centres, and what they speak."""

from collections.abc import Callable, Sequence

from services.simulator.domain.callers import Caller
from services.simulator.domain.calls import Attempt, CallPlan
from services.simulator.domain.chance import Chance
from services.simulator.domain.measure import session_id
from services.simulator.domain.places import Centre, share_out
from services.simulator.domain.team import Team

_SPEAKS = 0.8


def staff(centres: Sequence[Centre], sessions: int) -> dict[str, int]:
    """Return the sessions of each centre, in proportion to its callers, at least one.

    Raises:
        ValueError: There are fewer sessions than centres.
    """
    shares = share_out(sessions, [centre.callers for centre in centres])
    return {centre.centre_id: share for centre, share in zip(centres, shares, strict=True)}


def hire(
    run: str,
    centres: Sequence[Centre],
    sessions: dict[str, int],
    plan_of: Callable[[Attempt], CallPlan],
    chance: Chance,
) -> list[list[Caller]]:
    """Return the callers of each centre, in the order of the centres.

    The first caller of a centre speaks all its languages, so that nobody waits in vain; the others
    speak the first one and most of the rest.
    """
    hired: list[list[Caller]] = []
    number = 0
    for centre in centres:
        team = Team(centre.centre_id)
        callers: list[Caller] = []
        for place in range(sessions[centre.centre_id]):
            spoken = tuple(
                language
                for index, language in enumerate(centre.languages)
                if place == 0 or index == 0 or chance() < _SPEAKS
            )
            callers.append(Caller(session_id(run, number), team, spoken, plan_of))
            number += 1
        hired.append(callers)
    return hired
