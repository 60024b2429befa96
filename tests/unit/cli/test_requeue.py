import pytest

from services.cli.domain.dead import COMMANDS, CONTACTS, INTAKE, RULINGS, Case, Input, Letter
from services.cli.domain.dead import LetterId as Id
from services.cli.domain.requeue import Entry, Original, Refusal, Sending, Standing, plan

NOON_MS, HOUR_MS = 1_770_000_000_000, 3_600_000
UNRULED = Standing(None, None, NOON_MS)
ROUTED = Standing("routed", 1, NOON_MS, set_aside=True)
ENTRY = Entry("c-1", 1, NOON_MS + HOUR_MS, 3)
ORIGINAL = Original(b"value", NOON_MS, ENTRY)


def case(topic: str) -> Case:
    return Case(Letter(Id(3, 0), NOON_MS, "service", Input(topic, 3, 7, 0), "undecidable"))


def sending(topic: str, standing: Standing, now_ms: int = NOON_MS) -> Sending:
    planned = plan(case(topic), ORIGINAL, standing, now_ms)
    assert isinstance(planned, Sending)
    return planned


def refusal(topic: str, standing: Standing | None, now_ms: int = NOON_MS) -> str:
    planned = plan(case(topic), ORIGINAL, standing, now_ms)
    assert isinstance(planned, Refusal)
    return planned.why


@pytest.mark.parametrize("topic", [INTAKE, CONTACTS])
def test_a_record_without_a_readable_contact_goes_again_byte_by_byte(topic: str) -> None:
    planned = plan(case(topic), Original(b"value", NOON_MS), None, NOON_MS)
    assert isinstance(planned, Sending)
    assert (planned.topic, planned.partition, planned.release) == (topic, 3, 0)


def test_an_entry_that_was_never_ruled_on_goes_again_as_it_was() -> None:
    planned = sending(CONTACTS, UNRULED)
    assert (planned.topic, planned.partition) == (CONTACTS, 3)
    assert (planned.release, planned.valid_until_ms) == (1, ENTRY.valid_until_ms)


def test_an_entry_whose_release_is_over_goes_as_the_next_one_valid_for_as_long() -> None:
    late_ms = ENTRY.valid_until_ms + HOUR_MS
    planned = sending(CONTACTS, Standing(None, None, ENTRY.valid_until_ms + 1), late_ms)
    assert (planned.release, planned.valid_until_ms) == (2, late_ms + HOUR_MS)


def test_an_entry_that_ends_and_may_still_be_ruled_on_is_left_alone() -> None:
    for late_ms in (ENTRY.valid_until_ms - 1, ENTRY.valid_until_ms + 1):
        for log_time_ms in (None, NOON_MS, ENTRY.valid_until_ms):
            standing = Standing(None, None, log_time_ms)
            assert "repeat the command" in refusal(CONTACTS, standing, late_ms)


def test_an_entry_that_was_ruled_on_all_the_same_is_not_sent_again() -> None:
    assert "it is ended" in refusal(CONTACTS, Standing("ended", 1, NOON_MS))


@pytest.mark.parametrize("topic", [CONTACTS, RULINGS])
def test_a_contact_that_was_released_anew_is_not_sent_again(topic: str) -> None:
    newer = Standing(None, 2, NOON_MS, set_aside=True)
    assert "release 2" in refusal(topic, newer)


def test_a_ruling_that_was_given_up_goes_as_a_new_release() -> None:
    planned = sending(RULINGS, ROUTED, NOON_MS + 1)
    assert (planned.topic, planned.partition, planned.release) == (CONTACTS, 3, 2)
    assert planned.valid_until_ms == NOON_MS + 1 + HOUR_MS


@pytest.mark.parametrize(
    "standing", [Standing("routed", 1, NOON_MS), Standing(None, None, NOON_MS, set_aside=True)]
)
def test_a_ruling_that_is_not_known_to_be_given_up_is_not_released_anew(
    standing: Standing,
) -> None:
    assert "not recorded" in refusal(RULINGS, standing)


def test_a_ruling_that_was_decided_all_the_same_is_not_released_anew() -> None:
    assert "it is on_call" in refusal(RULINGS, Standing("on_call", 1, NOON_MS, set_aside=True))


def test_a_ruling_without_a_routed_contact_is_refused() -> None:
    planned = plan(case(RULINGS), Original(b"value", NOON_MS), None, NOON_MS)
    assert isinstance(planned, Refusal)


@pytest.mark.parametrize(
    ("topic", "says"), [(COMMANDS, "stale"), ("seatline.map.v1", "nothing of this topic")]
)
def test_commands_and_orders_are_never_sent_again(topic: str, says: str) -> None:
    assert says in refusal(topic, None)


@pytest.mark.parametrize("topic", [INTAKE, CONTACTS, RULINGS])
def test_what_is_gone_is_not_sent_again(topic: str) -> None:
    planned = plan(case(topic), None, None, NOON_MS)
    assert isinstance(planned, Refusal)
    assert "gone" in planned.why
