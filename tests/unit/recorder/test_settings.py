import pytest

from services.recorder.settings import RecorderSettings
from services.runtime.errors import SettingsError
from services.runtime.settings import read_settings

GOOD = {
    "SEATLINE_KAFKA": "127.0.0.1:9092",
    "SEATLINE_STATE": "state",
    "SEATLINE_SLOT": "recorder-1",
    "SEATLINE_SLOTS": "3",
    "SEATLINE_PARTITIONS": "8",
    "SEATLINE_HTTP_PORT": "9000",
    "SEATLINE_POSTGRES": "postgresql://seatline@127.0.0.1/seatline",
}


def test_a_slot_takes_every_partition_whose_turn_it_is() -> None:
    assert read_settings(RecorderSettings, GOOD).own_partitions == (1, 4, 7)


def test_the_slots_together_take_every_partition_once() -> None:
    taken = [
        partition
        for slot in range(3)
        for partition in read_settings(
            RecorderSettings, {**GOOD, "SEATLINE_SLOT": f"recorder-{slot}"}
        ).own_partitions
    ]
    assert sorted(taken) == list(range(8))


def test_a_slot_beyond_their_number_is_refused() -> None:
    with pytest.raises(SettingsError, match="SEATLINE_SLOTS 1"):
        read_settings(RecorderSettings, {**GOOD, "SEATLINE_SLOTS": "1"})


def test_every_problem_is_named_at_once_and_the_dsn_is_never_shown() -> None:
    wrong = {**GOOD, "SEATLINE_POSTGRES": "mysql://secret", "SEATLINE_SLOTS": "none"}
    with pytest.raises(SettingsError) as caught:
        read_settings(RecorderSettings, wrong)
    assert "SEATLINE_POSTGRES" in str(caught.value)
    assert "SEATLINE_SLOTS" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "seatline@" not in repr(read_settings(RecorderSettings, GOOD))
