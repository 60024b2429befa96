from pathlib import Path

import pytest

from services.gateway.settings import GatewaySettings
from services.runtime.errors import SettingsError
from services.runtime.settings import read_settings
from tests.unit.gateway.rig import settings


def environment(folder: Path) -> dict[str, str]:
    settings(folder)
    return {
        "SEATLINE_KAFKA": "127.0.0.1:9092",
        "SEATLINE_STATE": str(folder),
        "SEATLINE_SLOT": "gateway-0",
        "SEATLINE_PARTITIONS": "8",
        "SEATLINE_HTTP_PORT": "8001",
        "SEATLINE_GRPC_PORT": "8002",
        "SEATLINE_KEY_FILE": str(folder / "key"),
        "SEATLINE_TOKEN_FILE": str(folder / "token"),
    }


def test_the_environment_of_the_supervisor_is_enough(tmp_path: Path) -> None:
    read = read_settings(GatewaySettings, environment(tmp_path))
    assert read.grpc_port == 8002
    assert read.stream_queue_max == 5_000


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = environment(tmp_path) | {"SEATLINE_GRPC_PORT": "0", "SEATLINE_TOKEN": "x"}
    (tmp_path / "key").write_bytes(b"short")
    (tmp_path / "token").write_text(" \n")
    with pytest.raises(SettingsError) as refused:
        read_settings(GatewaySettings, wrong)
    for name in ("GRPC_PORT", "TOKEN", "KEY_FILE", "TOKEN_FILE"):
        assert f"SEATLINE_{name}:" in str(refused.value)


@pytest.mark.parametrize("name", ["key", "token"])
def test_a_missing_file_names_the_remedy(tmp_path: Path, name: str) -> None:
    wrong = environment(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SettingsError, match="make up"):
        read_settings(GatewaySettings, wrong)
