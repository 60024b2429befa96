import pytest

from services.gateway.domain.values import SessionId, StreamId
from services.gateway.handlers import Refusal
from tests.unit.gateway.handlers_rig import SESSION, Door


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_sign_in_draws_a_nonce_and_waits_for_its_fact(door: Door) -> None:
    assert door.wish() is None
    assert door.said("sign_in") == [(SESSION, door.nonce(), b"")]
    waiting = door.sessions.bound(StreamId(1), SESSION)
    assert waiting == Refusal("not_signed_in", "session_id")
    binding = door.fact(door.nonce(), 7)
    assert binding is not None
    assert door.sessions.bound(StreamId(1), SESSION) is binding
    assert binding.generation == 7


def test_a_repeated_sign_in_with_the_same_languages_changes_nothing(door: Door) -> None:
    door.wish()
    door.wish()
    door.fact(door.nonce(), 1)
    door.wish()
    assert len(door.said("sign_in")) == 1


def test_a_sign_in_with_other_languages_is_a_new_binding_and_nobody_is_told_of_an_end(
    door: Door,
) -> None:
    door.bound()
    door.wish(languages=("ta",))
    assert door.fact(door.nonce(), 2) is not None
    assert door.desks.told == []
    assert len(door.sessions.bindings) == 1


def test_one_caller_signed_in_at_two_desks_keeps_the_later_one(door: Door) -> None:
    first = door.bound(stream=1)
    second = door.bound(stream=2, generation=2)
    assert door.desks.told == [("gone", first.nonce)]
    assert door.sessions.bound(StreamId(2), SESSION) is second
    assert isinstance(door.sessions.bound(StreamId(1), SESSION), Refusal)


def test_a_sign_in_at_another_gateway_ends_the_binding_here(door: Door) -> None:
    binding = door.bound()
    assert door.fact(b"foreign", 2, boot_id=b"o" * 16) is None
    assert door.desks.told == [("gone", binding.nonce)]


def test_a_nonce_under_another_boot_id_binds_nothing(door: Door) -> None:
    door.wish()
    assert door.fact(door.nonce(), 1, boot_id=b"o" * 16) is None


def test_an_unknown_centre_is_refused(door: Door) -> None:
    assert door.wish(centre_id="C999") == Refusal("unknown_centre", "sign_in.centre_id")
    assert door.commands.said == []


def test_a_full_backlog_refuses_wishes(door: Door) -> None:
    door.bound()
    door.commands.full = True
    assert door.sessions.bound(StreamId(1), SESSION) == Refusal("busy")
    assert door.wish(session_id=SessionId("S-2")) == Refusal("busy")


def test_a_stream_carries_a_bounded_number_of_sessions(door: Door) -> None:
    refusals = [door.wish(session_id=SessionId(f"S-{n}")) for n in range(4)]
    assert refusals == [None, None, None, Refusal("too_many_sessions")]


def test_a_sign_in_that_was_not_acknowledged_is_given_up_and_reported_lost(door: Door) -> None:
    door.wish()
    nonce = door.nonce()
    door.commands.fail()
    assert door.said("stream_lost") == [(0, (nonce,))]
    assert door.desks.told == [("refused", (SESSION, "sign_in", "not_acknowledged"))]
    door.wish()
    assert door.nonce() != nonce


def test_a_lost_stream_reports_its_nonces(door: Door) -> None:
    binding = door.bound()
    door.sessions.stream_closed(StreamId(1))
    assert door.said("stream_lost") == [(0, (binding.nonce,))]
    door.sessions.stream_closed(StreamId(1))
    assert len(door.said("stream_lost")) == 1
