from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.identity import Wish, load, open_or_create
from services.stack.layout import Layout

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "state")


def test_a_rehearsal_begins_at_eleven_in_kolkata_on_a_day_far_from_any_poll(
    layout: Layout,
) -> None:
    identity = open_or_create(layout, Wish(), NOW)

    policy_now = datetime.fromtimestamp(NOW.timestamp() + identity.policy_offset_s, UTC)
    assert policy_now == datetime(2026, 2, 10, 5, 30, tzinfo=UTC)
    assert (identity.mode, identity.partitions, identity.brokers) == ("rehearsal", 2, 1)


def test_the_policy_clock_of_a_rehearsal_can_be_set_at_its_creation(layout: Layout) -> None:
    identity = open_or_create(layout, Wish(policy_time="2026-11-23T20:00:00+05:30"), NOW)

    assert identity.policy_offset_s == 9 * 3600


def test_a_live_stack_keeps_real_time(layout: Layout) -> None:
    assert open_or_create(layout, Wish(mode="live"), NOW).policy_offset_s == 0


def test_a_stack_stays_what_it_was_created_as(layout: Layout) -> None:
    created = open_or_create(layout, Wish(partitions=4, brokers=3), NOW)

    assert open_or_create(layout, Wish(), NOW) == created
    assert open_or_create(layout, Wish("rehearsal", 4, 3), NOW) == created
    assert load(layout) == created


@pytest.mark.parametrize(
    ("option", "wish"),
    [
        ("mode", Wish(mode="live")),
        ("partitions", Wish(partitions=9)),
        ("brokers", Wish(brokers=3)),
        ("policy-time", Wish(policy_time="2026-03-01T11:00:00+05:30")),
    ],
)
def test_another_nature_is_refused_by_the_name_of_its_option(
    layout: Layout, option: str, wish: Wish
) -> None:
    open_or_create(layout, Wish(), NOW)

    with pytest.raises(StackError, match=f"^{option}: .*created with"):
        open_or_create(layout, wish, NOW)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(mode="practice"),
        Wish(brokers=2),
        Wish(partitions=0),
        Wish(partitions=257),
        Wish(policy_time="tomorrow"),
        Wish(policy_time="2026-02-10T11:00:00"),
        Wish(mode="live", policy_time="2026-02-10T11:00:00+05:30"),
    ],
)
def test_an_impossible_wish_creates_nothing(layout: Layout, wish: Wish) -> None:
    with pytest.raises(StackError):
        open_or_create(layout, wish, NOW)

    assert not layout.state.exists()


def test_brokers_get_ids_that_no_option_parser_takes_for_an_option(layout: Layout) -> None:
    identity = open_or_create(layout, Wish(brokers=3), NOW)

    ids = {identity.cluster_id, *identity.directory_ids}
    assert len(ids) == 4
    assert all(len(each) == 22 and each[0] == "A" for each in ids)
