from services.simulator.domain.agenda import NEVER, Agenda


def test_members_are_taken_when_due_and_in_that_order() -> None:
    agenda = Agenda(3)
    for member, due_ms in ((0, 30.0), (1, 10.0), (2, 20.0)):
        agenda.put(member, due_ms)
    assert agenda.take(20.0) == [1, 2]
    assert agenda.take(25.0) == []
    assert agenda.take(30.0) == [0]


def test_an_earlier_time_counts_and_a_member_is_taken_once() -> None:
    agenda = Agenda(1)
    agenda.put(0, 30.0)
    agenda.put(0, 10.0)
    agenda.put(0, 50.0)
    assert agenda.take(100.0) == [0]
    assert agenda.take(100.0) == []


def test_a_member_that_is_never_due_is_not_entered() -> None:
    agenda = Agenda(1)
    agenda.put(0, NEVER)
    assert agenda.take(1e12) == []
