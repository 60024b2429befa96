"""Dead letters at the command line, on a real broker and a real database."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from services.cli.__main__ import main
from services.runtime.sealing import Sealer
from services.stack.plan import KAFKA, POSTGRES
from tests.integration.intake_process import read_all
from tests.support.cli_logs import CONTACTS, FACTS, RULINGS, fence, record, set_aside
from tests.support.kept_logs import Logs, keep, write
from tests.support.load import now_ms
from tests.support.recorder_entries import NOON_MS, contact, routed
from tests.support.stack import Stack, Wish, whole_stack

DEAD, INTAKE = "seatline.dead.v1", "seatline.intake.v1"
PARTITIONS = 8
HOUR_MS = 3_600_000
WHY = ("--by", "Ravi", "--why", "a test")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(tmp_path_factory.mktemp("dead"), wish=wish, only=(KAFKA, POSTGRES)) as running:
        write(running, {**LOGS, (CONTACTS, 0): arrivals(), (DEAD, 0): letters(running)})
        keep(running, LOGS)
        yield running


def arrivals() -> list[bytes]:
    """Give one that is valid, one whose release is over, and one that was ruled on."""
    until_ms = {"valid": now_ms() + HOUR_MS, "over": NOON_MS - HOUR_MS, "ruled": now_ms() + HOUR_MS}
    values = []
    for contact_id, valid_until_ms in until_ms.items():
        made = contact(contact_id)
        made.valid_until.FromMilliseconds(valid_until_ms)
        values.append(contacts_pb2.ContactRecord(contacts=[made]).SerializeToString())
    return values


LOGS: Logs = {
    (RULINGS, 0): [
        fence(RULINGS),
        record(
            RULINGS,
            routed("ruled"),
            seq=1,
            reads=((CONTACTS, 0, 3),),
            failures=[set_aside(CONTACTS, 0, 0), set_aside(CONTACTS, 0, 1)],
        ),
    ],
    (FACTS, 0): [
        fence(FACTS),
        record(FACTS, seq=1, reads=((RULINGS, 0, 2),), failures=[set_aside(RULINGS, 0, 1)]),
    ],
}


def letters(stack: Stack) -> list[bytes]:
    """Give the letters of all of them, and of a foreign record that its topic no longer has."""
    sealer = Sealer.from_file(Path(stack.endpoints["key_file"]))
    sealed = sealer.seal(b"{}", f"{INTAKE}/3/70".encode())
    told = [
        dead_pb2.DeadLetter(service="router", topic=CONTACTS, offset=0, contact_id="valid"),
        dead_pb2.DeadLetter(service="router", topic=CONTACTS, offset=1),
        dead_pb2.DeadLetter(service="dispatcher", topic=RULINGS, offset=1),
        dead_pb2.DeadLetter(
            service="intake", topic=INTAKE, partition=3, offset=70, sealed_payload=sealed
        ),
        dead_pb2.DeadLetter(service="dispatcher", topic="seatline.commands.v1", offset=0),
    ]
    for letter in told:
        letter.reason = dead_pb2.DEAD_REASON_UNDECIDABLE
    return [letter.SerializeToString() for letter in told]


class Desk:
    """An operator at the stack."""

    def __init__(self, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
        self.stack = stack
        self.capsys = capsys

    def run(self, *tokens: str) -> tuple[int, dict[str, Any]]:
        code = main([*tokens, "--state", str(self.stack.layout.state), "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def places(self) -> dict[str, int]:
        code, report = self.run("audit")
        assert (code, report["ok"]) == (0, True), report
        counted: dict[str, int] = report["places"]
        return counted

    def read(self, *tokens: str) -> str:
        main([*tokens, "--state", str(self.stack.layout.state)])
        return self.capsys.readouterr().out

    def values(self, topic: str) -> list[bytes]:
        return [
            message.value() or b"" for message in read_all(self.stack.endpoints["kafka"], topic)
        ]


@pytest.fixture
def desk(stack: Stack, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(stack, capsys)


def test_what_waits_is_listed_with_the_newest_last_and_counted_by_reason(desk: Desk) -> None:
    code, listed = desk.run("dead", "list", "--limit", "2")
    assert (code, listed["total"], listed["by_reason"]) == (0, 5, {"undecidable": 5})
    assert [letter["id"] for letter in listed["letters"]] == ["0/3", "0/4"]
    code, listed = desk.run("dead", "list", "--service", "router")
    assert [letter["contact_id"] for letter in listed["letters"]] == ["valid", ""]
    assert "5 letters: 5 undecidable" in desk.read("dead", "list")


def test_a_letter_is_shown_with_what_a_requeue_would_do_and_nothing_of_the_person(
    desk: Desk,
) -> None:
    code, shown = desk.run("dead", "show", "0/0")
    assert (code, shown["original"]["fields"]["contact_id"]) == (0, "valid")
    assert (shown["requeue"]["possible"], shown["requeue"]["release"]) == (True, 1)
    assert shown["original"]["fields"]["sealed"] == "6 bytes"
    _, shown = desk.run("dead", "show", "0/4")
    assert not shown["requeue"]["possible"]
    assert "requeue: refused: a command is stale" in desk.read("dead", "show", "0/4")


def test_nothing_is_changed_by_a_dry_run(desk: Desk) -> None:
    code, done = desk.run("dead", "requeue", "--all", "--dry-run")
    assert (code, done["did"]) == (1, {"would_requeue": 4, "refused": 1})
    code, done = desk.run("dead", "drop", "0/4", "--dry-run", *WHY)
    assert (code, done["did"]) == (0, {"would_drop": 1})
    assert desk.run("dead", "list")[1]["total"] == 5


def test_all_that_can_be_is_sent_again_once_and_the_audit_follows_it(desk: Desk) -> None:
    assert desk.places() == {"dead": 3}
    code, done = desk.run("dead", "requeue", "--all", *WHY)
    assert (code, done["did"]) == (1, {"requeued": 4, "refused": 1})
    code, again = desk.run("dead", "requeue", "0/0", "0/1", "0/2", "0/3", *WHY)
    assert (code, again["did"]) == (0, {"already": 4})
    # The three contacts, and the foreign record, which its topic did not have any more.
    assert desk.places() == {"unread": 4}
    sent = [contacts_pb2.ContactRecord.FromString(each) for each in desk.values(CONTACTS)[3:]]
    copies = {each.contacts[0].contact_id: each.contacts[0] for each in sent}
    assert {name: copy.release for name, copy in copies.items()} == {
        "valid": 1,
        "over": 2,
        "ruled": 2,
    }
    assert all(copy.valid_until.ToMilliseconds() > now_ms() for copy in copies.values())
    assert desk.values(INTAKE) == [b"{}"]


def test_what_is_refused_is_dropped_with_who_and_why(desk: Desk) -> None:
    code, said = desk.run("dead", "drop", "0/4")
    assert code == 2
    assert said["error"].startswith("--why")
    code, done = desk.run("dead", "drop", "0/4", *WHY)
    assert (code, done["did"]) == (0, {"dropped": 1})
    _, shown = desk.run("dead", "show", "0/4")
    (deed,) = shown["deeds"]
    assert (shown["state"], deed["how"], deed["by"], deed["why"]) == (
        *("dropped", "dropped"),
        *("Ravi", "a test"),
    )
    assert desk.run("dead", "list")[1]["total"] == 0
    states = [letter["state"] for letter in desk.run("dead", "list", "--all")[1]["letters"]]
    assert sorted(states) == ["dropped", *["requeued"] * 4]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (("requeue",), "ID: name letters"),
        (("requeue", "0/0", "--all"), "ID: name letters"),
        (("requeue", "0/99"), "no dead letter 0/99"),
        (("show", "17"), "an id is partition/offset"),
        (("requeue", "--reason", "boredom"), "none of unreadable"),
    ],
)
def test_a_wrong_order_names_what_is_wrong(desk: Desk, tokens: tuple[str, ...], says: str) -> None:
    code, said = desk.run("dead", *tokens)
    assert code == 2
    assert says in said["error"]


def test_against_a_stack_that_is_away_it_fails_and_names_the_remedy(tmp_path: Path) -> None:
    words = (sys.executable, "-m", "services.cli", "dead", "list", "--state", str(tmp_path))
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "make up" in done.stderr
