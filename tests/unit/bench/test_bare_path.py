from random import Random

import pytest

from bench.bare_path.desks import Desks
from bench.bare_path.gateway import COMMANDS, NEWS
from bench.bare_path.knee import find
from bench.bare_path.plan import plan
from bench.bare_path.relay import DISPATCHES, ROUTES
from bench.bare_path.run import is_whole
from bench.bare_path.setting import BareLoad, Contact
from bench.bare_path.wire import Entry, Step, decode, encode

LOAD = BareLoad(50.0, 2.0, 1.0, 1.0, streams=16, partitions=8)
SEEN_BY_DESKS = (Step.SHOWN_OFFER, Step.SHOWN_NUMBER, Step.SHOWN_ON_CALL, Step.SHOWN_SAVED)


def about(number: int) -> Entry:
    return Entry(Step.CONTACT, floor=3, stream=200, number=number)


def test_entries_come_out_of_a_record_as_they_went_in() -> None:
    entries = [encode(step, about(70_000 + step)) for step in Step]
    found = list(decode(bytes(125) + b"".join(entries), 125))
    assert found == [Entry(step, 3, 200, 70_000 + step) for step in Step]


def test_every_step_of_a_contact_leads_to_the_next_until_its_outcome_is_saved() -> None:
    by_desk = {
        Step.SHOWN_OFFER: [Step.WISH_ACCEPT],
        Step.SHOWN_NUMBER: [Step.WISH_HANG_UP, Step.WISH_OUTCOME],
    }
    by_gateway = {step: [answer] for step, answer in {**COMMANDS, **NEWS}.items()}
    unsealing = {Step.CONFIRMED: [Step.UNSEALING], Step.UNSEALING: [Step.SHOWN_NUMBER]}
    tables = (ROUTES, DISPATCHES, by_desk, by_gateway, unsealing)
    reached, ahead = set[int](), [int(Step.CONTACT)]
    while ahead:
        step = ahead.pop()
        reached.add(step)
        ahead += [answer for table in tables for answer in table.get(step, [])]
    assert reached == set(Step)


def test_contacts_come_as_often_as_asked_for_to_all_streams_and_partitions() -> None:
    contacts = plan(LOAD)
    assert len(contacts) == 50 * 3
    assert [each.at_s for each in contacts] == sorted(each.at_s for each in contacts)
    assert {each.partition for each in contacts} == {each.floor for each in contacts} == {*range(8)}
    assert {each.stream for each in contacts} == {*range(16)}
    assert contacts == plan(LOAD)
    assert 0.1 < sum(each.wrap_up_s > 0 for each in contacts) / len(contacts) < 0.4


def desks_that_saw(seen: dict[int, list[Step]]) -> Desks:
    contact = Contact(0.0, 0, 3, 0, 0.1, 1.0, 0.0)
    desks = Desks([contact] * len(seen), streams=1)
    for number, steps in seen.items():
        for step in steps:
            desks.hear(about(number)._replace(step=step), 0.01)
    return desks


def test_a_contact_that_came_to_its_end_once_is_no_fault() -> None:
    desks = desks_that_saw({0: [*SEEN_BY_DESKS], 1: [*SEEN_BY_DESKS]})
    assert desks.faults() == {"open": 0, "twice": 0}
    assert desks.took_s == {0: 0.01, 1: 0.01}


@pytest.mark.parametrize("step", SEEN_BY_DESKS)
def test_a_step_that_a_contact_came_to_twice_is_found(step: Step) -> None:
    desks = desks_that_saw({0: [*SEEN_BY_DESKS, step], 1: [*SEEN_BY_DESKS]})
    assert desks.faults()["twice"] == 1


def test_a_contact_that_did_not_come_to_its_end_is_open_whatever_others_did() -> None:
    stopped = [Step.SHOWN_OFFER, Step.SHOWN_NUMBER]
    assert desks_that_saw({0: stopped, 1: [*SEEN_BY_DESKS]}).faults() == {"open": 1, "twice": 0}
    twice = [*SEEN_BY_DESKS, Step.SHOWN_SAVED]
    assert desks_that_saw({0: stopped, 1: twice}).faults() == {"open": 1, "twice": 1}


ROWS = dict.fromkeys(("RULING", "QUEUED", "OFFERED", "CONFIRMED", "DIAL_STARTED", "ENDED"), (9, 9))


@pytest.mark.parametrize(
    ("rows", "whole"),
    [
        (ROWS, True),
        ({**ROWS, "CALL_ENDED": (2, 2)}, True),
        ({**ROWS, "CONFIRMED": (8, 8)}, False),
        ({**ROWS, "ENDED": (10, 9)}, False),
        ({**ROWS, "CALL_ENDED": (3, 2)}, False),
        ({**ROWS, "RULING": (10, 10)}, True),
    ],
)
def test_what_is_kept_is_whole_when_every_end_has_its_rows_and_none_is_there_twice(
    rows: dict[str, tuple[int, int]], whole: bool
) -> None:
    assert is_whole(rows, ended=9) is whole


def test_the_knee_comes_with_the_run_at_it() -> None:
    chance = Random(1)

    def tried(load: float) -> dict[str, object]:
        spread = {"n": 5, "p99": 20.0 if load <= 500 else 900.0}
        return {"ok": True, "offer_ms": spread, "offers_per_second": load, "tag": chance.random()}

    found = find(tried, 300)
    assert found.search.held == 450
    assert found.best is found.runs[450]
    answer = found.as_json()
    assert (answer["knee_per_second"], answer["tag"]) == (450, found.best["tag"])
    assert [run["rate"] for run in answer["runs"]] == [300, 450, 675, 551]
