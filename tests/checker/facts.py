"""Judges one facts partition, fact by fact, beside its commands."""

from collections.abc import Iterator

from tests.checker import fold_contacts, fold_sessions
from tests.checker.calls import CALLS
from tests.checker.commands import Heard
from tests.checker.fenced import Accepted, FencedLog
from tests.checker.findings import About
from tests.checker.floor import Floor
from tests.checker.history import COMMANDS, CannotCheckError
from tests.checker.moves import MOVES
from tests.checker.sight import Sight, sight
from tests.checker.times import Presence, state_too_long

FOLDS = {**fold_contacts.FOLDS, **fold_sessions.FOLDS}


class FactsOfPartition:
    """Asks every rule about every fact, and applies those that may follow."""

    def __init__(self, reader: FencedLog, heard: Heard) -> None:
        self.floor = Floor()
        self._reader = reader
        self._found = reader.found
        self._heard = heard
        self._presence = Presence()
        self._commands = (COMMANDS, reader.log[1])

    def take(self, accepted: Accepted) -> Iterator[Sight]:
        """Judge a record; yield each of its facts as it was seen before it was applied.

        Raises:
            CannotCheckError: A fact is of a kind that is not known here (rule 1.9).
        """
        at_ms = accepted.at_ms
        for index, fact in enumerate(accepted.body.facts):
            place = accepted.place(index)
            if fact.WhichOneof("kind") is None:
                raise CannotCheckError(f"{place}: a fact of an unknown kind: upgrade the checker")
            seen = sight(self.floor, self._heard, fact, at_ms, place)
            yield seen
            if self._may_follow(seen):
                fold = FOLDS.get(seen.kind)
                if fold is not None:
                    fold(self.floor, seen)
        self._look_at_time(accepted)

    def _may_follow(self, seen: Sight) -> bool:
        if any(self._found.ask(judgement, seen.about, seen) for judgement in MOVES):
            return False
        for judgement in CALLS:
            self._found.ask(judgement, seen.about, seen)
        return True

    def _look_at_time(self, accepted: Accepted) -> None:
        position = self._reader.positions.get(self._commands, (0, 0))
        undecided_ms = self._heard.undecided_since(position)
        before_ms = self._presence.see(accepted.at_ms, accepted.is_fence, undecided_ms)
        for due in self.floor.overdue(before_ms):
            places = (accepted.place(),)
            if isinstance(due.name, str):
                about = About(places, session_id=due.name)
            else:
                about = About(places, *due.name)
            self._found.ask(state_too_long, about, due, accepted.at_ms)
