"""Errors planted into what hands did with dead letters."""

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from tests.checker.history import DEAD, INTAKE
from tests.support.checked_history import WrittenHistory
from tests.support.faults import fault


def foreign(history: WrittenHistory, contact_id: str) -> int:
    """Append a foreign record, and give its offset."""
    body = contacts_pb2.ContactRecord(contacts=[contacts_pb2.Contact(contact_id=contact_id)])
    return history.append((INTAKE, 0), 0, body)


def letter(history: WrittenHistory, offset: int) -> int:
    return history.append((DEAD, 0), 0, dead_pb2.DeadLetter(topic=INTAKE, offset=offset))


def requeued(history: WrittenHistory, letter: int, copy: int) -> None:
    done = dead_pb2.Resolution(
        letter=letter, how=dead_pb2.RESOLUTION_HOW_REQUEUED, by="Asha", topic=INTAKE, offset=copy
    )
    history.append((DEAD, 0), 0, dead_pb2.DeadLetter(resolution=done))


@fault()
def resolved_nothing(history: WrittenHistory) -> None:
    letter(history, foreign(history, "a"))
    requeued(history, 1, foreign(history, "a"))


@fault()
def requeued_twice(history: WrittenHistory) -> None:
    first = letter(history, foreign(history, "a"))
    again = letter(history, 0)
    requeued(history, first, foreign(history, "a"))
    requeued(history, again, foreign(history, "a"))


@fault()
def requeued_otherwise(history: WrittenHistory) -> None:
    requeued(history, letter(history, foreign(history, "a")), foreign(history, "b"))
