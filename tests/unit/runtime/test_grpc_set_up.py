import os
import subprocess
import sys

import pytest

DOORS = (
    "services.gateway.wiring",
    "services.simulator.adapters.gateway_client",
    "bench.loops.door",
)


@pytest.mark.parametrize("door", DOORS)
def test_grpc_knows_what_it_is_told_and_is_told_in_time(door: str) -> None:
    # A release that drops a switch says so on standard error, and the gain is gone with it.
    told = f"import os, {door}; print(os.environ['GRPC_EXPERIMENTS'])"
    environment = {name: value for name, value in os.environ.items() if name[:5] != "GRPC_"}
    done = subprocess.run(
        [sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True
    )
    assert "-event_engine_client" in done.stdout
    assert done.stderr == ""


def test_who_runs_a_process_may_say_otherwise() -> None:
    told = "import os, services; print(os.environ['GRPC_EXPERIMENTS'])"
    environment = os.environ | {"GRPC_EXPERIMENTS": ""}
    done = subprocess.run(
        [sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
