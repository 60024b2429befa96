from pathlib import Path
from typing import Literal

import pytest

from services.runtime.errors import SettingsError
from services.runtime.settings import ProcessSettings, read_settings

GOOD = {
    "SEATLINE_KAFKA": "127.0.0.1:9092",
    "SEATLINE_STATE": "/var/lib/seatline",
    "SEATLINE_SLOT": "tally-3",
    "SEATLINE_PARTITIONS": "8",
    "SEATLINE_HTTP_PORT": "9100",
}


class ModeSettings(ProcessSettings):
    mode: Literal["rehearsal", "live"]


def test_settings_are_read_from_the_names_with_the_prefix() -> None:
    settings = read_settings(ProcessSettings, {**GOOD, "HOME": "/nowhere", "KAFKA": "other"})
    assert settings == ProcessSettings(
        kafka="127.0.0.1:9092",
        state=Path("/var/lib/seatline"),
        slot="tally-3",
        partitions=8,
        http_port=9100,
    )
    assert settings.log_level == "info"
    assert settings.slot_index == 3


def test_every_problem_is_reported_at_once_and_by_its_name() -> None:
    wrong = {"SEATLINE_PARTITIONS": "none", "SEATLINE_SLOT": "Tally", "SEATLINE_HTTP_PORT": "70000"}
    with pytest.raises(SettingsError) as raised:
        read_settings(ModeSettings, wrong)
    named = {line.strip().partition(":")[0] for line in str(raised.value).splitlines()[1:]}
    assert named == {
        f"SEATLINE_{name}" for name in ("KAFKA", "STATE", "PARTITIONS", "SLOT", "HTTP_PORT", "MODE")
    }


def test_an_unknown_name_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match=r"SEATLINE_KAFAK: no such setting .* unset it"):
        read_settings(ProcessSettings, {**GOOD, "SEATLINE_KAFAK": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA", ""),
        ("SLOT", "tally"),
        ("SLOT", "tally-x"),
        ("PARTITIONS", "0"),
        ("PARTITIONS", "1025"),
        ("HTTP_PORT", "0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_out_of_range_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"SEATLINE_{name}"):
        read_settings(ProcessSettings, {**GOOD, f"SEATLINE_{name}": value})


def test_settings_do_not_change_once_read() -> None:
    settings = read_settings(ProcessSettings, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        settings.partitions = 9  # type: ignore[misc]
