"""Decide a contacts record: one ruling per entry, in their order."""

from collections.abc import Iterable

from services.router.domain.contact import Contact
from services.router.domain.dedupe import Ahead, Seen
from services.router.domain.gate import View, rule_on
from services.router.domain.ruling import Ruling


def decide(seen: Seen, contacts: Iterable[Contact], at_ms: int, view: View) -> list[Ruling]:
    """Rule on each contact; a release that stands twice is a duplicate the second time.

    Args:
        seen: Fold of every ruling written before (`dedupe.evolve`); not changed here.
        contacts: Entries of a contacts record, or the rest of one.
        at_ms: Broker time of the record that will carry the rulings.
        view: Map, policy, stops and suppressions in use, all fresh.
    """
    ahead = Ahead(seen)
    rulings = []
    for contact in contacts:
        ruling = rule_on(contact, at_ms, view, ahead)
        ahead.add(ruling)
        rulings.append(ruling)
    return rulings
