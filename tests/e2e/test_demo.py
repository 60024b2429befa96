import json
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from seatline.facts.v1 import facts_pb2
from services.runtime.fenced_log.header import Fence, FencePoint, Header, to_proto
from services.stack.layout import REPOSITORY, Layout
from tests.support.eventually import eventually
from tests.support.load import CONTACTS, FACTS, PLACES, Log, command, fetch, read_log
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(400)

DEMO_WITHIN_S = 380
SESSIONS, RATE, SECONDS = 450, 20, 8
PROCESSES = {
    *("intake-0", "router-0", "dispatcher-0", "gateway-0", "recorder-0"),
    *("simulator", "supervisor", "kafka-0", "postgres"),
}
KEYS = {
    *("ok", "bars_missed", "centres", "seats", "sessions", "contacts", "offers", "confirmed"),
    *("finished", "refused", "held", "returned", "open", "lost", "doubled", "offers_per_second"),
    *("offer_ms", "outcome_durable_ms", "rss_mb", "cpu_s", "seconds", "seed", "policy_now"),
    *("faults", "bars", "rate", "waited", "stuck", "offer_ms_foreign", "stream_breaks", "run"),
    *("sender_late_ms", "aht_in_effect_s", "journal", "doubles", "example"),
}
"""What `docs/interfaces.md` promises to those who script against it."""
TAKEN = "DELETE FROM seatline.outcome WHERE contact_id = $1 AND release_id = $2 RETURNING *"
PUT_BACK = """
INSERT INTO seatline.outcome
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""


@dataclass(frozen=True)
class Demo:
    """A demo that has ended."""

    exit_code: int
    output: str
    told: str
    """What it said to whoever watched."""
    result: dict[str, Any]
    state: Path


def run_demo(state: Path, **options: float) -> Demo:
    done = subprocess.run(
        (
            *(sys.executable, "-m", "services.simulator", "demo", "--state", str(state)),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=DEMO_WITHIN_S,
        check=False,
    )
    assert done.stdout, f"the demo ended with {done.returncode} and no result: {done.stderr}"
    result = json.loads(done.stdout.splitlines()[-1])
    return Demo(done.returncode, done.stdout, done.stderr, result, state)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    state = tmp_path_factory.mktemp("demo") / "state"
    load = {"sessions": SESSIONS, "rate": RATE, "seconds": SECONDS, "warmup": 1, "aht": 4}
    # Not the partitions of the map that the repository holds: the demo has to plan one.
    return run_demo(state, partitions=3, **load)


@pytest.fixture(scope="module")
def stack(demo: Demo) -> Iterator[Stack]:
    """The demo's stack, up again."""
    with whole_stack(demo.state.parent) as running:
        yield running


def test_a_small_demo_is_ok_and_its_figures_add_up(demo: Demo) -> None:
    result = demo.result
    assert (demo.exit_code, result.get("ok")) == (0, True), result
    assert result.keys() == KEYS
    assert result["contacts"] == sum(result[place] for place in PLACES)
    assert result["contacts"] >= RATE * SECONDS
    assert (result["lost"], result["doubled"], result["open"]) == (0, 0, 0)
    assert result["finished"] <= result["confirmed"] <= result["offers"]
    assert (result["sessions"], result["seats"]) == (SESSIONS, 543)
    assert 0 < result["centres"] <= 225
    assert result["offers_per_second"] >= 0.95 * RATE


def test_a_demo_names_its_spreads_its_processes_and_its_clock(demo: Demo) -> None:
    result = demo.result
    assert result["offer_ms"].keys() >= {"n", "p50", "p90", "p99", "max"}
    assert result["offer_ms"]["n"] > 0
    assert result["outcome_durable_ms"].keys() >= {"p50", "p99"}
    assert result["rss_mb"].keys() == result["cpu_s"].keys() == PROCESSES
    assert all(mb > 0 for mb in result["rss_mb"].values())
    # Who works little may have used less than is counted.
    assert all(seconds >= 0 for seconds in result["cpu_s"].values())
    assert sum(result["cpu_s"].values()) > 1
    assert re.match(r"\d{4}-\d\d-\d\dT11:\d\d:\d\d\+05:30$", result["policy_now"])
    assert (result["seconds"], result["rate"], result["seed"]) == (SECONDS, RATE, 1)


def test_a_demo_holds_its_figures_against_the_bars_that_it_names(demo: Demo) -> None:
    result = demo.result
    bars = {
        f"{group}.{name}": (result[group][name], bar)
        for group, limits in result["bars"].items()
        for name, bar in limits.items()
    }
    assert bars.keys() >= {"offer_ms.p50", "offer_ms.p99", "outcome_durable_ms.p99"}
    missed = {text.partition(":")[0] for text in result["bars_missed"]}
    assert missed == {name for name, (figure, bar) in bars.items() if figure > bar}


def test_a_demo_tells_its_course_and_its_end_in_plain_text_to_a_file(demo: Demo) -> None:
    assert re.search(r"^measuring, \d+ s left: 450/450 signed in \(", demo.told, re.MULTILINE)
    assert "\x1b" not in demo.told
    last_words = demo.told.rstrip().splitlines()[-1]
    assert last_words.startswith("Held: every contact is accounted for")


def test_a_demo_takes_its_stack_down(demo: Demo) -> None:
    assert not Layout.of(demo.state).endpoints.exists()
    assert '"ok"' in demo.output.splitlines()[-1]


def test_the_audit_of_a_demo_stays_clean_when_its_stack_comes_up_again(
    demo: Demo, stack: Stack
) -> None:
    code, report = command(stack, "audit", "--journal", demo.result["journal"])
    assert (code, report["contacts"]) == (0, demo.result["contacts"]), report
    assert {place: report[place] for place in PLACES} == {
        place: demo.result[place] for place in PLACES
    }


def deep_audit(stack: Stack, *options: str) -> dict[str, Any]:
    code, report = command(stack, "audit", "--deep", *options)
    assert (code == 0) == report["ok"], report
    deep: dict[str, Any] = report["deep"]
    assert all(deep["entries"].values()), deep
    return deep


def found(deep: dict[str, Any]) -> dict[str, set[str]]:
    """Name the contacts by the rules that were broken for them."""
    contacts: dict[str, set[str]] = {}
    for finding in deep["findings"]:
        contacts.setdefault(finding["rule"], set()).add(finding["contact_id"] or finding["story"])
    return contacts


def test_the_history_of_a_demo_and_of_a_restart_breaks_no_rule(demo: Demo, stack: Stack) -> None:
    deep = deep_audit(stack, "--journal", demo.result["journal"])
    assert not found(deep)
    assert deep["live"]["sessions"] == SESSIONS
    assert deep["live"]["not_judged"] == []


def test_a_kept_stack_can_be_looked_into_with_the_commands_that_the_demo_names(
    stack: Stack,
) -> None:
    state = stack.layout.state
    kept = run_demo(state, sessions=225, rate=20, seconds=5, warmup=1, aht=2, keep=1)
    assert kept.exit_code == 0, kept.result
    *_, audit, explain, status = kept.told.splitlines()
    assert explain == f".venv/bin/seatline explain {kept.result['example']} --state {state}"
    for command_line in (audit, explain):
        done = subprocess.run(
            shlex.split(command_line), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert status == f"make status STATE={state}"


def test_an_acknowledged_contact_that_no_log_holds_is_found_lost(
    demo: Demo, stack: Stack, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.ndjson"
    planted = {"kind": "acknowledged", "contact": "planted", "at": [CONTACTS, 0, 10**6, 0]}
    written = Path(demo.result["journal"]).read_text()
    journal.write_text(written + json.dumps(planted) + "\n")

    code, report = command(stack, "audit", "--journal", str(journal))
    assert (code, report["ok"], report["lost"], report["doubled"]) == (1, False, 1, 0)
    assert [stray["contact_id"] for stray in report["strays"]] == ["planted"]
    assert report["contacts"] == sum(report[place] for place in PLACES)


def test_an_outcome_that_was_told_as_saved_and_is_gone_is_found(stack: Stack) -> None:
    journal = stack.layout.logs / "journal.ndjson"
    told = (json.loads(line) for line in journal.read_text().splitlines())
    contact_id, release, _ = next(line["attempt"] for line in told if line["kind"] == "saved")
    (row,) = fetch(stack, TAKEN, contact_id, release)
    lost = found(deep_audit(stack, "--journal", str(journal)))
    fetch(stack, PUT_BACK, *row.values())
    assert lost == {rule: {contact_id} for rule in ("outcome_row", "saved_and_missing")}


def confirm_of_a_finished_contact(facts: Log) -> tuple[int, facts_pb2.Fact]:
    for partition, records in facts.items():
        entries = [fact for record in records for fact in record.entries]
        ended = {fact.ended.attempt.contact_id for fact in entries if fact.HasField("ended")}
        for fact in entries:
            if fact.HasField("confirmed") and fact.confirmed.attempt.contact_id in ended:
                return partition, fact
    pytest.fail("no contact was finished")


def usurpation(last: Header, fact: facts_pb2.Fact) -> tuple[bytes, bytes]:
    """Fence a partition as a dispatcher would, and say the fact under that fence."""
    epoch, owner = last.point.epoch + 1, secrets.token_bytes(16)
    fence = Header(FencePoint(epoch, owner, 0), last.at_ms, control=Fence("planted-0"))
    # Later than what the owner may have written since the log was read.
    doubled = Header(FencePoint(epoch, owner, 1), time.time_ns() // 1_000_000 + 1_000)
    return (
        facts_pb2.FactRecord(header=to_proto(fence)).SerializeToString(),
        facts_pb2.FactRecord(header=to_proto(doubled), facts=[fact]).SerializeToString(),
    )


def test_a_second_confirm_under_a_valid_fence_is_found_doubled(stack: Stack) -> None:
    facts = read_log(stack, FACTS)
    partition, fact = confirm_of_a_finished_contact(facts)
    producer = Producer({"bootstrap.servers": stack.endpoints["kafka"], "linger.ms": 0})
    planted: list[int] = []
    for value in usurpation(facts[partition][-1].header, fact):
        producer.produce(
            FACTS,
            value=value,
            partition=partition,
            on_delivery=lambda _, message: planted.append(message.offset() or 0),
        )
    assert producer.flush(20) == 0
    query = "SELECT next_offset FROM seatline.recorder_position WHERE topic = $1 AND partition = $2"
    eventually(lambda: fetch(stack, query, FACTS, partition)[0]["next_offset"] > planted[-1])
    code, report = command(stack, "audit")
    assert (code, report["ok"], report["lost"]) == (1, False, 0), report["strays"]
    assert report["doubled"] == 1
    contact_id = fact.confirmed.attempt.contact_id
    assert {double["contact_id"] for double in report["doubles"]} == {contact_id}
    deep = deep_audit(stack)
    assert found(deep) == {"moved_after_end": {contact_id}}
    # No dispatcher outlives such facts, and what nobody tells is not passed over in silence.
    named = f"seatline.facts.v1/{partition}: no dispatcher told its state"
    assert named in deep["live"]["not_judged"]
