from typing import Any

import pytest

from bench.bare_path.run import run
from bench.bare_path.setting import BareLoad
from tests.support.stack import Broker, Database

RATE, WARM_UP_S, SECONDS = 60.0, 1.0, 2.0
CONTACTS = round(RATE * (WARM_UP_S + SECONDS))


@pytest.fixture(scope="module")
def result(kafka_stack: Broker, postgres_server: Database) -> dict[str, Any]:
    load = BareLoad(RATE, SECONDS, WARM_UP_S, aht_s=0.5, streams=5, partitions=3)
    database = postgres_server.fresh_database(migrated=False)
    found = run(kafka_stack.address, database, load)
    assert (
        postgres_server.execute(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'bare%'", database
        )
        == "0"
    )
    return found


def test_every_contact_comes_to_its_end_once(result: dict[str, Any]) -> None:
    assert result["ok"]
    assert (result["contacts"], result["open"], result["twice"]) == (CONTACTS, 0, 0)


def test_every_entry_is_kept_once(result: dict[str, Any]) -> None:
    steps = ("RULING", "QUEUED", "OFFERED", "CONFIRMED", "DIAL_STARTED", "ENDED")
    once = (CONTACTS, CONTACTS)
    assert {step: result["rows"][step] for step in steps} == dict.fromkeys(steps, once)
    rows, contacts = result["rows"]["CALL_ENDED"]
    assert 0 < rows == contacts < CONTACTS / 2


def test_the_measured_offers_are_those_of_the_measured_part(result: dict[str, Any]) -> None:
    spread = result["offer_ms"]
    assert spread["n"] == RATE * SECONDS
    assert 0 < spread["p50"] <= spread["p99"] <= spread["max"]


def test_all_processes_have_their_share_of_the_cost(result: dict[str, Any]) -> None:
    names = {"callers", "router", "dispatcher", "gateway", "recorder"}
    assert result["cpu_us"].keys() == names
    assert all(us > 0 for us in result["cpu_us"].values())
    assert 0 < result["cores"] <= result["machine_cores"] + 0.1


def test_a_contact_has_records_in_every_log_and_frames_both_ways(result: dict[str, Any]) -> None:
    assert result["records"].keys() == {"contacts", "rulings", "facts", "commands"}
    assert all(0 < per_contact < 6 for per_contact in result["records"].values())
    assert 2 < result["frames"]["frames_out"] < 6
    assert 1 < result["frames"]["frames_in"] < 4
