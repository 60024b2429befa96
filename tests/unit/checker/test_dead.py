"""Requeues that are right, of every kind of input."""

from google.protobuf.message import Message

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.rulings.v1 import rulings_pb2
from tests.checker.dead import Dead
from tests.checker.findings import Findings
from tests.checker.history import CONTACTS, DEAD, INTAKE, RULINGS
from tests.support.checked_history import WrittenHistory
from tests.support.faults_in_dead import foreign, letter, requeued
from tests.support.recorder_entries import contact, routed


def found(history: WrittenHistory) -> list[str]:
    findings = Findings()
    Dead(history.frozen(), findings).close()
    return [finding.rule.name for finding in findings.kept]


def sent_again(topic: str, source: Message, copy: Message) -> WrittenHistory:
    history = WrittenHistory()
    offset = history.append((topic, 0), 0, source)
    told = dead_pb2.DeadLetter(topic=topic, offset=offset)
    where = history.append((CONTACTS, 0), 0, copy)
    history.append((DEAD, 0), 0, told)
    done = dead_pb2.Resolution(
        letter=0, how=dead_pb2.RESOLUTION_HOW_REQUEUED, topic=CONTACTS, offset=where
    )
    history.append((DEAD, 0), 0, dead_pb2.DeadLetter(resolution=done))
    return history


def arrival(contact_id: str, release: int = 1) -> contacts_pb2.ContactRecord:
    return contacts_pb2.ContactRecord(contacts=[contact(contact_id, release)])


def test_a_foreign_record_that_is_sent_again_byte_by_byte_is_right() -> None:
    history = WrittenHistory()
    requeued(history, letter(history, foreign(history, "a")), foreign(history, "a"))
    assert found(history) == []


def test_a_requeue_that_is_noted_twice_as_one_copy_is_one() -> None:
    history = WrittenHistory()
    named, copy = letter(history, foreign(history, "a")), foreign(history, "a")
    requeued(history, named, copy)
    requeued(history, named, copy)
    assert found(history) == []


def test_a_copy_that_is_not_there_is_found() -> None:
    history = WrittenHistory()
    requeued(history, letter(history, foreign(history, "a")), 7)
    assert found(history) == ["requeued_otherwise"]


def test_a_contact_may_be_sent_again_as_it_was_or_as_its_next_release() -> None:
    for release, wrong in ((1, []), (2, []), (3, ["requeued_otherwise"])):
        history = sent_again(CONTACTS, arrival("a"), arrival("a", release))
        assert found(history) == wrong


def test_a_ruling_is_sent_again_as_the_contact_in_it() -> None:
    ruling = rulings_pb2.RulingRecord(rulings=[routed("a")])
    assert found(sent_again(RULINGS, ruling, arrival("a", 2))) == []
    assert found(sent_again(RULINGS, ruling, arrival("b", 2))) == ["requeued_otherwise"]


def test_letters_are_told_of_and_deeds_are_none() -> None:
    history = WrittenHistory()
    requeued(history, letter(history, foreign(history, "a")), foreign(history, "a"))
    assert Dead(history.frozen(), Findings()).letters == {((INTAKE, 0), (0, 0))}
