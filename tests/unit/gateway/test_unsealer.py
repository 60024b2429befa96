from dataclasses import replace

import pytest

from services.gateway.domain.progress import AT_END_WITHIN_MS
from services.gateway.domain.prohibitions import Scope
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Attempt, StreamId
from tests.fakes.gateway import (
    CALLER,
)
from tests.unit.gateway.handlers_rig import ATTEMPT, Door


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_number_is_shown_after_end_announcement_and_acknowledgement(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.unsealer.advance()
    assert door.said("unsealing") == []
    door.at_end()
    door.unsealer.advance()
    door.unsealer.advance()
    assert door.said("unsealing") == [ATTEMPT]
    assert door.desks.told == []
    door.commands.settle(door.clock.wall_ms() + 5)
    assert door.desks.told == [("number", (binding.nonce, ATTEMPT, CALLER))]
    assert door.tally.shown == 1


def test_a_repeated_confirm_shows_nothing_twice(door: Door) -> None:
    binding = door.bound()
    confirmed = door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.unsealer.confirmed(binding, confirmed)
    door.commands.settle(door.clock.wall_ms())
    door.unsealer.confirmed(binding, confirmed)
    door.unsealer.advance()
    assert door.said("unsealing") == [ATTEMPT]
    assert len(door.desks.told) == 1


@pytest.mark.parametrize(("late_ms", "shown"), [(-1, 1), (0, 0), (1, 0)])
def test_the_announcements_append_time_decides_around_dial_by(
    door: Door, late_ms: int, shown: int
) -> None:
    binding = door.bound()
    confirmed = door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.commands.settle(confirmed.dial_by_ms + late_ms)
    assert door.tally.shown == shown


def test_an_append_time_of_a_clock_that_was_stepped_back_makes_nothing_in_time(door: Door) -> None:
    binding = door.bound()
    confirmed = door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.clock.advance(confirmed.dial_by_ms - door.clock.wall_ms())
    door.commands.settle(confirmed.dial_by_ms - 3_600_000)
    assert door.desks.told == []
    assert door.tally.reasons == ["late"]


def test_a_gateway_that_stood_still_since_its_announcement_reads_on_before_it_shows(
    door: Door,
) -> None:
    binding = door.bound()
    confirmed = door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.clock.advance(AT_END_WITHIN_MS + 1)
    door.commands.settle(confirmed.dial_by_ms - 10_000)
    assert door.tally.shown == 0
    door.at_end()
    door.unsealer.advance()
    assert door.tally.shown == 1


def test_an_acknowledgement_without_append_time_shows_nothing(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.commands.settle(None)
    assert door.tally.reasons == ["late"]


def test_an_announcement_that_failed_shows_nothing(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.commands.fail()
    assert door.tally.reasons == ["late"]


def test_a_gateway_paused_after_the_confirm_and_woken_after_dial_by_shows_nothing(
    door: Door,
) -> None:
    binding = door.bound()
    door.at_end()
    door.confirm(binding)
    door.clock.advance(16_000)
    door.unsealer.advance()
    assert door.said("unsealing") == []
    assert door.tally.reasons == ["expired"]


def test_a_gateway_paused_before_the_acknowledgement_was_served_shows_nothing(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    appended_at_ms = door.clock.wall_ms() + 5
    door.clock.advance(16_000)
    door.commands.settle(appended_at_ms)
    assert door.tally.reasons == ["late"]


def test_an_end_reached_too_long_ago_is_no_end(door: Door) -> None:
    binding = door.bound()
    door.at_end()
    door.clock.advance(1_001)
    door.confirm(binding)
    door.unsealer.advance()
    assert door.said("unsealing") == []


def test_a_withdrawal_read_before_the_confirm_is_reported(door: Door) -> None:
    binding = door.bound()
    door.prohibitions.withdraw(b"p" * 16, "")
    door.at_end()
    door.confirm(binding)
    door.unsealer.advance()
    assert door.said("not_unsealed") == [(ATTEMPT, WhyNot.WITHDRAWN)]
    assert door.said("unsealing") == []


def test_a_stop_read_while_the_announcement_is_out_is_reported(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.prohibitions.stop(Scope.SEAT, "S24-35")
    door.unsealer.prohibited()
    door.commands.settle(door.clock.wall_ms())
    assert door.said("not_unsealed") == [(ATTEMPT, WhyNot.STOPPED)]
    assert door.desks.told == []


def test_a_higher_generation_ends_the_unsealing(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.fact(b"foreign", 2, boot_id=b"o" * 16)
    door.commands.settle(door.clock.wall_ms())
    assert door.tally.reasons == ["late"]
    assert door.tally.shown == 0


def test_a_lost_stream_ends_the_unsealing(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.sessions.stream_closed(StreamId(1))
    door.commands.settle(door.clock.wall_ms())
    assert door.tally.reasons == ["late"]


def test_an_unreadable_number_is_reported(door: Door) -> None:
    binding = door.bound()
    door.persons.unreadable.add(ATTEMPT)
    door.confirm(binding)
    door.at_end()
    door.unsealer.advance()
    door.commands.settle(door.clock.wall_ms())
    assert door.said("not_unsealed") == [(ATTEMPT, WhyNot.UNREADABLE)]
    assert door.tally.reasons == ["unreadable"]


def test_a_confirm_of_another_generation_is_not_for_this_binding(door: Door) -> None:
    binding = door.bound()
    confirmed = door.confirm(binding)
    other = replace(confirmed, generation=binding.generation + 1, attempt=Attempt("K-2", 1, 1))
    door.unsealer.confirmed(binding, other)
    assert binding.confirmed == ATTEMPT


def test_the_next_confirm_of_a_binding_replaces_the_last(door: Door) -> None:
    binding = door.bound()
    door.confirm(binding)
    second = Attempt("K-2", 1, 1)
    door.confirm(binding, second)
    door.at_end()
    door.unsealer.advance()
    assert door.said("unsealing") == [second]
    assert door.tally.reasons == ["attempt_over"]
