import pytest

from services.router.settings import RouterSettings
from services.runtime.errors import SettingsError
from services.runtime.settings import read_settings

ENVIRON = {
    "SEATLINE_KAFKA": "127.0.0.1:9092",
    "SEATLINE_STATE": "state",
    "SEATLINE_SLOT": "router-0",
    "SEATLINE_SLOTS": "1",
    "SEATLINE_PARTITIONS": "8",
    "SEATLINE_HTTP_PORT": "9000",
    "SEATLINE_MODE": "rehearsal",
}


def test_a_rehearsal_may_move_the_policy_clock() -> None:
    settings = read_settings(RouterSettings, {**ENVIRON, "SEATLINE_POLICY_OFFSET_S": "-90"})
    assert settings.policy_offset_ms == -90_000
    assert settings.dedupe_window_ms == 86_400_000


def test_a_live_stack_refuses_a_moved_policy_clock_by_name() -> None:
    live = {**ENVIRON, "SEATLINE_MODE": "live"}
    assert read_settings(RouterSettings, live).policy_offset_ms == 0
    with pytest.raises(SettingsError, match=r"SEATLINE_POLICY_OFFSET_S.*unset it on a live stack"):
        read_settings(RouterSettings, {**live, "SEATLINE_POLICY_OFFSET_S": "1"})
