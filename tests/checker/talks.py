"""Whether two releases of a contact were ever confirmed at the same time, wherever they were."""

from itertools import pairwise
from typing import NamedTuple

from tests.checker.findings import About, Findings, Place, rule
from tests.checker.sight import Sight

_OPEN_MS = 2**62


class Talk(NamedTuple):
    """From the confirm of a release to its end."""

    from_ms: int
    until_ms: int
    release: int
    session_id: str
    place: Place


@rule("promise 2, 7.2")
def two_releases_at_once(contact_id: str, first: Talk, then: Talk) -> str | None:
    """No release of a contact is confirmed before an earlier one has ended."""
    if first.until_ms <= then.from_ms:
        return None
    one, other = f"release {first.release}", f"release {then.release}"
    sessions = f"{first.session_id} and {then.session_id}"
    return f"{contact_id}: {one} and {other} are confirmed at once, to {sessions}"


class Talks:
    """Keeps one interval for each confirmed release."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._by_contact: dict[str, list[Talk]] = {}

    def see(self, seen: Sight) -> None:
        """Note a confirm that counts, or the end of what was confirmed."""
        release = seen.release
        if release is None or seen.session_id != release.session_id:
            return
        if seen.kind == "confirmed" and release.confirmed is None:
            talk = Talk(seen.at_ms, _OPEN_MS, release.release, seen.session_id, seen.place)
            self._by_contact.setdefault(release.contact_id, []).append(talk)
        elif seen.kind == "ended" and release.confirmed is not None:
            held = self._by_contact.get(release.contact_id, [])
            for number, talk in enumerate(held):
                if talk.release == release.release:
                    held[number] = talk._replace(until_ms=seen.at_ms)

    def close(self) -> None:
        """Hold the intervals of each contact against each other."""
        for contact_id, held in self._by_contact.items():
            held.sort()
            for first, then in pairwise(held):
                about = About((first.place, then.place), contact_id, then.release, then.session_id)
                self._found.ask(two_releases_at_once, about, contact_id, first, then)
