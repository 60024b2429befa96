import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.identity import Wish, open_or_create
from services.stack.kafka import broker_settings
from services.stack.kinds import KINDS
from services.stack.layout import LOG_LIMIT_BYTES, Layout, make_secrets
from services.stack.plan import Plan, drain_stage
from services.stack.ports import assign
from services.stack.service import command, settings
from services.stack.surroundings import Surroundings
from services.stack.topics import TOPICS

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


def around(folder: Path, wish: Wish | None = None, plan: Plan | None = None) -> Surroundings:
    layout, plan = Layout.of(folder / "state"), plan or Plan()
    identity = open_or_create(layout, wish or Wish(), NOW)
    make_secrets(layout)
    ports = assign(layout, plan.whole().doors(identity))
    return Surroundings(layout, identity, plan, ports, {"PATH": "/bin"})


def by_slot(made: Surroundings) -> dict[str, set[str]]:
    return {name: set(settings(kind, name, made)) for kind, name in made.plan.services()}


COMMON = {"KAFKA", "STATE", "SLOT", "PARTITIONS", "HTTP_PORT", "LOG_LEVEL"}


def test_each_service_gets_exactly_the_settings_that_it_knows(tmp_path: Path) -> None:
    known = {
        "intake-0": {"KEY_FILE"},
        "router-0": {"SLOTS", "MODE", "POLICY_OFFSET_S"},
        "dispatcher-0": {"SLOTS"},
        "gateway-0": {"GRPC_PORT", "KEY_FILE", "TOKEN_FILE"},
        "recorder-0": {"SLOTS", "POSTGRES"},
    }

    assert by_slot(around(tmp_path)) == {
        slot: {f"SEATLINE_{name}" for name in COMMON | own} for slot, own in known.items()
    }


def test_a_live_router_is_not_told_of_a_policy_offset(tmp_path: Path) -> None:
    live = around(tmp_path, Wish(mode="live"))

    assert "SEATLINE_POLICY_OFFSET_S" not in by_slot(live)["router-0"]


def test_a_slot_knows_its_name_and_how_many_of_its_kind_there_are(tmp_path: Path) -> None:
    made = around(tmp_path, plan=Plan({"router": 2, "gateway": 1}))
    kind = next(kind for kind in KINDS if kind.name == "router")

    environment = command(kind, "router-1", made).environment
    assert environment["SEATLINE_SLOT"] == "router-1"
    assert environment["SEATLINE_SLOTS"] == "2"
    assert environment["PATH"] == "/bin"
    assert set(by_slot(made)) == {"router-0", "router-1", "gateway-0"}


def test_a_plan_survives_being_written_down() -> None:
    plan = Plan({"router": 2}, ("kafka", "router"))

    assert Plan.from_json(plan.as_json()) == plan


@pytest.mark.parametrize(
    ("slots", "only"), [({"router": -1}, ("kafka",)), ({"router": 65}, ("kafka",)), ({}, ("",))]
)
def test_an_impossible_plan_is_refused(slots: dict[str, int], only: tuple[str, ...]) -> None:
    with pytest.raises(StackError):
        Plan(slots, only)


def test_whoever_feeds_others_leaves_before_them_and_the_log_goes_last() -> None:
    leaving = ["intake-0", "router-1", "dispatcher-0", "gateway-0", "recorder-0"]
    stages = [drain_stage(name) for name in (*leaving, "postgres", "kafka-2")]

    assert stages == sorted(set(stages))


@pytest.mark.parametrize(("brokers", "in_sync"), [(1, "1"), (3, "2")])
def test_a_record_counts_as_written_when_a_majority_of_brokers_holds_it(
    tmp_path: Path, brokers: int, in_sync: str
) -> None:
    made = around(tmp_path, Wish(brokers=brokers))
    properties = broker_settings(0, made.identity, made.ports, tmp_path)

    assert properties["min.insync.replicas"] == in_sync
    assert properties["unclean.leader.election.enable"] == "false"
    assert properties["controller.quorum.bootstrap.servers"].count(":") == brokers
    for topic in TOPICS:
        assert topic.configs(made.identity)["min.insync.replicas"] == in_sync


def test_every_topic_is_stamped_by_the_broker_and_the_logs_outlive_a_week(tmp_path: Path) -> None:
    identity = around(tmp_path, Wish(partitions=5)).identity
    configs = {topic.name: topic.configs(identity) for topic in TOPICS}

    assert {each["message.timestamp.type"] for each in configs.values()} == {"LogAppendTime"}
    assert int(configs["seatline.commands.v1"]["retention.ms"]) >= 7 * 24 * 3600 * 1000
    for name in ("rulings", "facts"):  # a fenced log without snapshots is never cut
        assert configs[f"seatline.{name}.v1"]["retention.ms"] == "-1"
    assert {topic.name for topic in TOPICS if topic.kept_days is None} == {
        "seatline.map.v1",
        "seatline.suppressions.v1",
    }
    assert {topic.partitions(identity) for topic in TOPICS} == {1, 5}


def test_secrets_are_drawn_once_and_for_their_owner_only(tmp_path: Path) -> None:
    layout = around(tmp_path).layout
    drawn = [layout.key, layout.login_token, layout.postgres_password]
    contents = [path.read_bytes() for path in drawn]
    make_secrets(layout)

    assert [path.read_bytes() for path in drawn] == contents
    assert len(contents[0]) == 32
    assert {path.stat().st_mode & 0o777 for path in drawn} == {0o600}


def test_a_full_log_is_moved_aside_at_the_next_start(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path)
    log = layout.rotated_log("x")
    log.touch()
    assert layout.rotated_log("x").exists()

    os.truncate(log, LOG_LIMIT_BYTES + 1)
    assert not layout.rotated_log("x").exists()
    assert (layout.logs / "x.log.1").stat().st_size > LOG_LIMIT_BYTES
