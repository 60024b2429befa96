import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from services.stack.layout import REPOSITORY
from services.stack.plan import POSTGRES
from services.stack.processes import identify
from services.stack.topics import TOPICS, counts
from tests.support.stack import Database, whole_stack

PLAIN_SERVICE = REPOSITORY / "tests" / "support" / "plain_service.py"
KINDS = ("intake", "router", "dispatcher", "gateway", "recorder")


def eventually(condition: Callable[[], object], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    return identify(pid) is not None


@dataclass(frozen=True)
class Tree:
    """A copy of this package among services that do nothing, and its commands."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "run" / "state"

    @property
    def endpoints(self) -> dict[str, Any]:
        endpoints: dict[str, Any] = json.loads((self.state / "endpoints.json").read_text())
        return endpoints

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        # Whoever runs the tests in the background of a shell has it ignore SIGINT, and so would we.
        heeding = ("env", "--default-signal=INT")
        command = (sys.executable, "-m", "services.stack", *arguments, "--state", str(self.state))
        return subprocess.Popen(
            (*heeding, *command),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
        process = self.start(*arguments)
        output, said = process.communicate(timeout=110)
        assert process.returncode == exit_code, said
        result: dict[str, Any] = json.loads(output.splitlines()[-1])
        return result

    def seen(self, slot: str) -> dict[str, str]:
        settings: dict[str, str] = json.loads((self.folder / f"run/seen/{slot}.json").read_text())
        return settings


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    services = tmp_path / "services"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "services/stack", services / "stack", ignore=without_caches)
    shutil.copy(REPOSITORY / "services/__init__.py", services)
    for kind in KINDS:
        (services / kind).mkdir()
        (services / kind / "__init__.py").touch()
        shutil.copy(PLAIN_SERVICE, services / kind / "__main__.py")
    (tmp_path / ".cache").symlink_to(REPOSITORY / ".cache")
    (tmp_path / "run").mkdir()
    made = Tree(tmp_path)
    yield made
    made.run("reset", "--yes-live")


def test_a_stack_comes_up_whole_restarts_what_dies_and_leaves_in_order(tree: Tree) -> None:
    result = tree.run("up", "--routers", "2", "--partitions", "4")
    first = tree.endpoints

    assert result["ok"]
    assert result["ready"]
    assert set(first["pids"]) == {
        *("supervisor", "kafka-0", "postgres", "intake-0", "router-0", "router-1"),
        *("dispatcher-0", "gateway-0", "recorder-0"),
    }
    assert set(first["health"]) == set(first["metrics"])
    assert len(first["gateways"]) == 1
    with KafkaAdminClient(bootstrap_servers=first["kafka"]) as admin:
        assert {topic.name: 1 if topic.single else 4 for topic in TOPICS} == {
            name: count for name, count in counts(admin).items() if name.startswith("seatline.")
        }
    assert tree.seen("router-1")["SEATLINE_SLOTS"] == "2"

    assert tree.run("up", "--routers", "2", "--partitions", "4")["ready"]
    assert tree.endpoints == first

    for name in ("router-1", "postgres", "kafka-0"):
        os.kill(first["pids"][name], signal.SIGKILL)
    eventually(lambda: tree.run("status")["ready"])
    processes = tree.run("status")["processes"]
    for name in ("router-1", "postgres", "kafka-0"):
        assert processes[name]["restarts"] >= 1
        assert processes[name]["pid"] == tree.endpoints["pids"][name] != first["pids"][name]
    assert processes["router-0"]["restarts"] == 0

    pids = tree.endpoints["pids"].values()
    assert tree.run("down")["ok"]
    assert not [pid for pid in pids if is_running(pid)]
    left = (tree.folder / "run/seen/left").read_text().split()
    assert [name.rpartition("-")[0] for name in left] == [
        *("intake", "router", "router", "dispatcher", "gateway", "recorder")
    ]
    assert tree.run("down")["ok"]
    assert not (tree.state / "endpoints.json").exists()


def test_a_restarted_stack_keeps_its_addresses_its_topics_and_its_nature(tree: Tree) -> None:
    tree.run("up", "--only", "kafka", "--partitions", "4")
    first = tree.endpoints
    with KafkaAdminClient(bootstrap_servers=first["kafka"]) as admin:
        admin.create_topics(["kept"])
    tree.run("down")

    refused = tree.run("up", "--only", "kafka", "--partitions", "5", exit_code=2)
    assert "partitions: " in refused["error"]

    tree.run("up", "--only", "kafka")
    assert tree.endpoints["kafka"] == first["kafka"]
    assert tree.endpoints["partitions"] == 4
    with KafkaAdminClient(bootstrap_servers=first["kafka"]) as admin:
        assert "kept" in admin.list_topics()
        admin.create_partitions({"seatline.facts.v1": 5})
    tree.run("down")

    refused = tree.run("up", "--only", "kafka", exit_code=2)
    assert "seatline.facts.v1 has 5 partitions" in refused["error"]
    assert tree.run("status")["state"] == "failed"


def test_a_service_that_refuses_its_settings_is_not_started_again(tree: Tree) -> None:
    (tree.folder / "run/refuse-router-0").touch()

    refused = tree.run("up", "--only", "router,gateway", exit_code=2)

    assert "router-0 refuses its settings" in refused["error"]
    assert tree.run("status")["state"] == "down"


def test_nothing_outlives_a_killed_supervisor(tree: Tree) -> None:
    tree.run("up", "--only", "postgres,gateway")
    pids = tree.endpoints["pids"]
    os.kill(pids["supervisor"], signal.SIGKILL)
    eventually(lambda: not [pid for pid in pids.values() if is_running(pid)])
    assert tree.run("status")["state"] == "down"

    assert tree.run("up", "--only", "postgres,gateway")["ready"]


def test_up_ends_what_a_killed_supervisor_left_behind(tree: Tree) -> None:
    tree.run("up", "--only", "gateway")
    pids = tree.endpoints["pids"]
    os.kill(pids["gateway-0"], signal.SIGSTOP)
    os.kill(pids["supervisor"], signal.SIGKILL)
    eventually(lambda: not is_running(pids["supervisor"]))
    assert tree.run("status")["processes"]["gateway-0"]["state"] == "leftover"

    assert tree.run("up", "--only", "gateway")["ready"]
    assert not is_running(pids["gateway-0"])


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_running(tree: Tree, asked: signal.Signals) -> None:
    process = tree.start("up")
    status = tree.state / "status.json"
    eventually(lambda: status.exists() and "kafka-0" in status.read_text())
    started = json.loads(status.read_text())["processes"]
    process.send_signal(asked)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert json.loads(output.splitlines()[-1])["error"] == "interrupted"
    assert not [each for each in started.values() if each["pid"] and is_running(each["pid"])]
    assert tree.run("status")["state"] == "down"


def test_two_stacks_run_side_by_side(tmp_path: Path, postgres_server: Database) -> None:
    with whole_stack(tmp_path, only=(POSTGRES,)) as other:
        assert other.endpoints["postgres"] != postgres_server.dsn
        assert postgres_server.execute("SELECT 1", other.endpoints["postgres"]) == "1"
        assert postgres_server.execute("SELECT 1") == "1"


def test_the_database_asks_for_its_password_even_on_loopback(postgres_server: Database) -> None:
    user, _, rest = postgres_server.dsn.partition("@")

    with pytest.raises(subprocess.CalledProcessError):
        postgres_server.execute("SELECT 1", f"{user.rpartition(':')[0]}:wrong@{rest}")


def test_each_test_has_a_database_of_its_own(postgres_server: Database) -> None:
    one, other = (postgres_server.fresh_database() for _ in range(2))
    postgres_server.execute("CREATE TABLE mine (id int)", one)

    assert postgres_server.execute("SELECT to_regclass('mine')", one) == "mine"
    assert postgres_server.execute("SELECT to_regclass('mine')", other) == ""


def test_a_taken_port_is_named_before_anything_starts(tree: Tree) -> None:
    tree.run("up", "--only", "gateway")
    port = json.loads((tree.state / "ports.json").read_text())["gateway-0/grpc"]
    tree.run("down")
    with socket.create_server(("127.0.0.1", port)):
        refused = tree.run("up", "--only", "gateway", exit_code=2)

    assert f"{port} (gateway-0/grpc)" in refused["error"]


@pytest.mark.parametrize(("command", "exit_code"), [("up", 2), ("down", 0), ("reset", 0)])
def test_a_folder_that_holds_other_things_is_left_alone(
    tree: Tree, command: str, exit_code: int
) -> None:
    tree.state.mkdir()
    (tree.state / "key").write_text("of something else")

    tree.run(command, exit_code=exit_code)

    assert [path.name for path in tree.state.iterdir()] == ["key"]


def test_a_live_stack_is_reset_only_on_purpose(tree: Tree) -> None:
    tree.run("up", "--only", "gateway", "--mode", "live")

    assert tree.endpoints["policy_offset_s"] == 0
    refused = tree.run("reset", exit_code=2)
    assert "--yes-live" in refused["error"]
    assert tree.run("status")["ready"]

    tree.run("reset", "--yes-live")
    assert not tree.state.exists()
