import pytest

from seatline.dead.v1 import dead_pb2
from services.cli.adapters.dead_codec import deed_record
from services.cli.domain.dead import (
    COMMANDS,
    CONTACTS,
    HOLD_MS,
    INTAKE,
    RULINGS,
    Deed,
    How,
    LetterId,
)
from services.cli.domain.requeue import Standing
from services.cli.errors import NotDoneError
from services.cli.handlers.dead import SEND_WITHIN_MS, Choice, Result
from services.cli.ports.signature import Signature
from services.runtime.fenced_log.header import Failure
from tests.fakes.log_book import STAMPED_MS, WriterDiedError
from tests.support.cli_logs import set_aside
from tests.support.dead_town import DEAD, HOUR_MS, DeadTown, Operator

ASHA = Signature("Asha", "the rule was wrong")


async def requeue(operator: Operator, *letters: LetterId, dry_run: bool = False) -> list[Result]:
    return await operator.dead.requeue(Choice(letters), ASHA, dry_run=dry_run)


def drop(operator: Operator, *letters: LetterId, dry_run: bool = False) -> list[Result]:
    return operator.dead.drop(Choice(letters), ASHA, dry_run=dry_run)


async def test_a_foreign_record_goes_to_intake_again_byte_by_byte_and_once() -> None:
    town = DeadTown()
    letter = town.foreign(b'{"phone": "1"}')
    (result,) = await requeue(town.operator(), letter)
    assert (result.did, result.copy and result.copy.offset) == ("requeued", 1)
    (again,) = await requeue(town.operator(), letter)
    assert (again.did, again.text) == ("already", "requeued by Asha")
    assert town.values(INTAKE) == [b'{"phone": "1"}'] * 2
    case = town.case(letter)
    assert [deed.how for deed in case.deeds] == [How.BEGUN, How.REQUEUED]
    assert {(deed.by, deed.why) for deed in case.deeds} == {("Asha", "the rule was wrong")}


async def test_a_foreign_record_that_its_topic_has_forgotten_is_opened_from_the_letter() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}", kept=False)
    (result,) = await requeue(town.operator(), letter)
    assert result.did == "requeued"
    assert town.values(INTAKE)[1:] == [b"{}"]


async def test_what_no_letter_and_no_topic_has_is_refused() -> None:
    town = DeadTown()
    unsealed, other_key = town.foreign(b"{}", sealed=False), town.foreign(b"{}", kept=False)
    town.opens = False
    results = await requeue(town.operator(), unsealed, other_key)
    assert [result.did for result in results] == ["refused"] * 2
    assert all("gone" in result.text for result in results)


async def test_an_undecided_contact_goes_to_the_router_again_as_it_was_and_alone() -> None:
    town = DeadTown()
    letter = town.arrival("a", "b", entry=1)
    (result,) = await requeue(town.operator(), letter)
    assert result.did == "requeued"
    first, second, copy = town.contacts()
    assert copy == second != first


async def test_a_ruling_that_was_given_up_is_released_anew() -> None:
    town = DeadTown()
    (result,) = await requeue(town.operator(), town.ruling("a"))
    assert (result.did, result.copy and result.copy.release) == ("requeued", 2)
    (copy,) = town.contacts()
    assert (copy.contact_id, copy.release) == ("a", 2)
    assert copy.valid_until.ToMilliseconds() > STAMPED_MS + HOUR_MS - 10


@pytest.mark.parametrize(
    "failure",
    [
        set_aside(RULINGS, 0, 9),
        Failure(RULINGS, 0, 1, 0, 2, set_aside=False, reason="ValueError"),
    ],
    ids=["another", "to be tried again"],
)
async def test_a_ruling_of_which_only_the_letter_tells_is_not_released_anew(
    failure: Failure,
) -> None:
    town = DeadTown()
    (result,) = await requeue(town.operator(), town.ruling("a", failure))
    assert (result.did, list(town.contacts())) == ("refused", [])


async def test_what_one_letter_refuses_does_not_keep_the_others() -> None:
    town = DeadTown()
    stale, good = town.letter(COMMANDS, 0), town.arrival("a")
    results = await requeue(town.operator(), stale, good)
    assert {str(r.case.letter.id): r.did for r in results} == {
        str(stale): "refused",
        str(good): "requeued",
    }


async def test_a_dry_run_changes_nothing() -> None:
    town = DeadTown()
    letter = town.arrival("a")
    (result,) = await requeue(town.operator(), letter, dry_run=True)
    (other,) = drop(town.operator(), letter, dry_run=True)
    assert (result.did, other.did) == ("would_requeue", "would_drop")
    assert (len(town.values(DEAD)), len(town.values(CONTACTS))) == (1, 1)


@pytest.mark.parametrize("call", [1, 2, 3], ids=["begin", "send", "close"])
@pytest.mark.parametrize("edge", ["before", "after"])
async def test_a_requeue_that_dies_at_any_step_is_completed_and_sends_once(
    call: int, edge: str
) -> None:
    town = DeadTown()
    letters = [town.foreign(b"{}"), town.arrival("a"), town.ruling("b")]
    dying = town.operator()
    setattr(dying.appends, f"dies_{edge}", call)
    with pytest.raises(WriterDiedError):
        await requeue(dying, *letters)
    town.clock.advance(HOLD_MS)
    await requeue(town.operator(), *letters)
    assert [town.case(letter).state for letter in letters] == ["requeued"] * 3
    assert len(town.values(INTAKE)) == 2
    assert [(c.contact_id, c.release) for c in town.contacts()] == [("a", 1), ("a", 1), ("b", 2)]


async def test_of_two_that_requeue_at_once_one_sends() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    slow, quick = town.operator(), town.operator()
    slow.dead.read()
    await requeue(quick, letter)
    (result,) = await requeue(slow, letter)
    assert (result.did, len(town.values(INTAKE))) == ("already", 2)


async def test_who_finds_a_requeue_under_way_sends_nothing_and_is_told_to_repeat() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    operator = town.operator()
    begun = Deed(letter, How.BEGUN, "Ravi", "")
    operator.appends.before.append((DEAD, 0, deed_record(begun)))
    (result,) = await requeue(operator, letter)
    assert (result.did, len(town.values(INTAKE))) == ("refused", 1)
    assert result.text.startswith("Ravi is requeueing it")


async def test_who_was_too_slow_to_send_sends_nothing() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    operator = town.operator()
    read = operator.dead.log.news

    def slowly() -> object:
        town.clock.advance(SEND_WITHIN_MS + 1)
        return read()

    operator.dead.log.news = slowly
    with pytest.raises(NotDoneError, match="took too long"):
        await requeue(operator, letter)
    assert (len(town.values(INTAKE)), town.case(letter).state) == (1, "begun")


async def test_a_copy_that_the_topic_may_have_forgotten_is_not_sent_again_but_may_be_dropped() -> (
    None
):
    town = DeadTown()
    letter = town.foreign(b"{}")
    dying = town.operator()
    dying.appends.dies_after = 2
    with pytest.raises(WriterDiedError):
        await requeue(dying, letter)
    town.clock.advance(HOLD_MS)
    town.book.starts[INTAKE, 0] = 2
    (result,) = await requeue(town.operator(), letter)
    assert result.did == "refused"
    assert "no longer keeps" in result.text
    (dropped,) = drop(town.operator(), letter)
    assert dropped.did == "dropped"


async def test_what_was_sent_again_by_one_who_died_is_not_dropped() -> None:
    town = DeadTown()
    letter = town.foreign(b"{}")
    dying = town.operator()
    dying.appends.dies_after = 2
    with pytest.raises(WriterDiedError):
        await requeue(dying, letter)
    town.clock.advance(HOLD_MS)
    (result,) = drop(town.operator(), letter)
    assert result.did == "refused"
    assert "was sent again" in result.text


async def test_a_requeue_that_died_before_it_sent_obeys_what_is_known_now() -> None:
    town = DeadTown()
    letter = town.arrival("a")
    dying = town.operator()
    dying.appends.dies_before = 2
    with pytest.raises(WriterDiedError):
        await requeue(dying, letter)
    town.clock.advance(HOLD_MS)
    town.standings.known["a"] = Standing("ended", 1, STAMPED_MS)
    (result,) = await requeue(town.operator(), letter)
    assert (result.did, len(town.values(CONTACTS))) == ("refused", 1)


def test_a_dropped_letter_says_who_and_why_and_is_dropped_once() -> None:
    town = DeadTown()
    letter = town.letter(COMMANDS, 0)
    (result,) = drop(town.operator(), letter)
    (again,) = drop(town.operator(), letter)
    assert (result.did, again.did) == ("dropped", "already")
    (deed,) = town.fold().deeds()
    assert (deed.how, deed.by, deed.why) == (How.DROPPED, "Asha", "the rule was wrong")


async def test_a_reason_chooses_what_is_open_and_has_it() -> None:
    town = DeadTown()
    town.foreign(b"{}")
    drop(town.operator(), town.foreign(b"{1"))
    town.arrival("a")
    chosen = Choice(reason="invalid_phone")
    results = await town.operator().dead.requeue(chosen, ASHA, dry_run=True)
    assert [result.case.letter.id.offset for result in results] == [0]
    everything = await town.operator().dead.requeue(Choice(), ASHA, dry_run=True)
    assert len(everything) == 2


async def test_a_letter_that_is_not_there_is_named_with_the_remedy() -> None:
    with pytest.raises(NotDoneError, match=r"no dead letter 0/9; see `seatline dead list --all`"):
        await requeue(DeadTown().operator(), LetterId(0, 9))


async def test_many_letters_are_requeued_in_parts() -> None:
    town = DeadTown()
    for number in range(230):
        town.foreign(f"{number}".encode())
    results = await town.operator().dead.requeue(Choice(), ASHA, dry_run=False)
    assert [result.did for result in results] == ["requeued"] * 230
    assert town.values(INTAKE)[230:] == [f"{number}".encode() for number in range(230)]


def test_a_letter_from_before_the_deeds_is_still_read() -> None:
    old = dead_pb2.DeadLetter(service="intake", topic=INTAKE, offset=3).SerializeToString()
    town = DeadTown()
    town.book.put(DEAD, 0, old)
    town.book.put(DEAD, 0, b"\xff")
    assert [case.letter.input.offset for case in town.fold().cases()] == [3]
