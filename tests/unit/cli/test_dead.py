import pytest

from services.cli.domain.dead import (
    CONTACTS,
    HOLD_MS,
    Case,
    Copy,
    DeadFold,
    Deed,
    How,
    Input,
    Letter,
    LetterId,
)

SOURCE = Input(CONTACTS, 0, 7, 0)
FIRST, SECOND = LetterId(0, 3), LetterId(0, 5)


def letter(at: LetterId = FIRST, source: Input = SOURCE) -> Letter:
    return Letter(at, at.offset, "router", source, "undecidable")


def deed(how: How, at_ms: int, offset: int, letter: LetterId = FIRST) -> Deed:
    return Deed(letter, how, "Asha", "why", Copy(CONTACTS, 0, 9), LetterId(0, offset), at_ms)


def case_of(*records: Letter | Deed) -> Case:
    case = DeadFold().take_all(records).case(FIRST)
    assert case is not None
    return case


def test_a_letter_waits_until_a_hand_has_requeued_or_dropped_it() -> None:
    assert (case_of(letter()).state, case_of(letter()).waits) == ("open", True)
    for how in (How.REQUEUED, How.DROPPED):
        case = case_of(letter(), deed(how, 0, 4))
        assert (case.state, case.waits) == (how.value, False)


def test_letters_of_one_input_are_one_case_and_any_of_them_closes_it() -> None:
    case = case_of(letter(), letter(SECOND), deed(How.DROPPED, 0, 6, SECOND))
    assert (case.letter.id, case.letters, case.state) == (FIRST, 2, "dropped")


def test_a_letter_that_is_told_again_after_it_was_closed_stays_closed() -> None:
    case = case_of(letter(), deed(How.DROPPED, 0, 4), letter(SECOND))
    assert (case.state, case.letters) == ("dropped", 2)


def test_who_closes_first_counts() -> None:
    case = case_of(letter(), deed(How.DROPPED, 0, 4), deed(How.REQUEUED, 1, 5))
    assert [each.at.offset for each in case.deeds] == [4]


@pytest.mark.parametrize("other", [How.BEGUN, How.DROPPED])
def test_a_requeue_that_was_begun_keeps_others_away_for_a_while(other: How) -> None:
    begun = deed(How.BEGUN, 1_000, 4)
    held = case_of(letter(), begun, deed(other, 1_000 + HOLD_MS - 1, 5))
    assert held.last == begun
    late = deed(other, 1_000 + HOLD_MS, 5)
    assert case_of(letter(), begun, late).last == late


def test_a_requeue_that_was_begun_waits_until_it_is_said_to_be_done() -> None:
    case = case_of(letter(), deed(How.BEGUN, 0, 4))
    assert (case.state, case.waits) == ("begun", True)
    assert case_of(letter(), deed(How.BEGUN, 0, 4), deed(How.REQUEUED, 1, 5)).state == "requeued"


def test_a_deed_whose_letter_is_no_longer_kept_changes_nothing() -> None:
    fold = DeadFold().take_all([deed(How.DROPPED, 0, 4, LetterId(0, 1)), letter()])
    assert [case.state for case in fold.cases()] == ["open"]
    assert fold.deeds() == []


def test_cases_and_deeds_are_told_with_the_newest_last() -> None:
    other = Input(CONTACTS, 1, 7, 0)
    fold = DeadFold().take_all(
        [
            letter(LetterId(1, 9), other),
            letter(FIRST),
            deed(How.DROPPED, 50, 4),
            deed(How.DROPPED, 40, 10, LetterId(1, 9)),
        ]
    )
    assert [case.letter.id for case in fold.cases()] == [FIRST, LetterId(1, 9)]
    assert [each.at_ms for each in fold.deeds()] == [40, 50]


@pytest.mark.parametrize("text", ["", "3", "3/", "/3", "a/3", "3/-1", "3/17/2", "³/1"])
def test_a_text_that_names_no_letter_is_none(text: str) -> None:
    assert LetterId.named(text) is None


def test_an_id_is_read_as_it_is_written() -> None:
    assert LetterId.named(str(LetterId(3, 17))) == LetterId(3, 17)
