"""Find each contact of a run in exactly one place."""

from collections import Counter
from collections.abc import Collection, Mapping

from services.simulator.domain.calls import Attempt
from services.simulator.domain.census import Census
from services.simulator.domain.measure import is_of
from services.simulator.domain.verdict import Counts
from services.simulator.domain.witness import Account

_GROUPS = {"ended": "finished", "refused": "refused", "held": "held", "returned": "returned"}


def reckon(
    account: Account,
    places: Mapping[str, str],
    recorded: Collection[Attempt],
    census: Census,
    audit: Mapping[str, int],
) -> Counts:
    """Count the contacts that Kafka acknowledged by where the recorder has them.

    Args:
        account: What the callers and the sender saw.
        places: Place by contact, as recorded.
        recorded: Attempts of the run that an outcome or an amendment names.
        census: What the facts say.
        audit: `lost` and `doubled` of the audit, which looks at the whole stack.

    Returns:
        Counts; of what several witnesses count, the worst. An outcome that a caller was told is
        saved and that the recorder lacks counts as lost.
    """
    found = Counter(_group(places.get(contact)) for contact in account.contacts)
    unrecorded = sum(
        is_of(census.run, attempt.contact_id) for attempt in account.saved.difference(recorded)
    )
    return Counts(
        contacts=len(account.contacts),
        finished=found["finished"],
        refused=found["refused"],
        held=found["held"],
        returned=found["returned"],
        open=found["open"],
        lost=max(found["lost"] + unrecorded, audit["lost"]),
        doubled=max(len(account.doubled), len(census.doubled), audit["doubled"]),
    )


def _group(place: str | None) -> str:
    return "lost" if place is None else _GROUPS.get(place, "open")
