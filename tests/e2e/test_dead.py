"""Dead letters of a whole stack: listed, shown, dropped, requeued, and the audit all the while."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatline.contacts.v1 import contacts_pb2
from services.stack.plan import PARTS
from tests.integration.intake_process import Intake, contact_json, intake, produce
from tests.support.eventually import eventually
from tests.support.load import (
    CONTACTS,
    PLACES,
    assert_promises_were_kept,
    command,
    load_on,
    publish,
)
from tests.support.recorder_entries import contact
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(300)

INTAKE = "seatline.intake.v1"
PHONE, NAME = "+91 10000 00001", "Asha Example"
"""Possible, and assigned to nobody: a strict intake refuses it."""
WHY = ("--by", "Ravi", "--why", "rehearsal")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    parts = tuple(part for part in PARTS if part != "intake")
    with whole_stack(tmp_path_factory.mktemp("dead"), only=parts) as running:
        publish(running)
        yield running


def settings(stack: Stack, **more: str) -> dict[str, str]:
    count, key = stack.endpoints["partitions"], stack.endpoints["key_file"]
    return {"SEATLINE_PARTITIONS": str(count), "SEATLINE_KEY_FILE": str(key), **more}


def audited(stack: Stack, **expected: int) -> None:
    code, report = command(stack, "audit", "--deep")
    assert (code, report["ok"]) == (0, True), report
    assert report["contacts"] == sum(report[place] for place in PLACES)
    assert {name: report[name] for name in expected} == expected


def letters(stack: Stack, *options: str) -> dict[str, Any]:
    code, listed = command(stack, "dead", "list", *options)
    assert code == 0, listed
    return listed


def refused_by(process: Intake, stack: Stack) -> dict[str, Any]:
    """Have intake refuse two records, and give their letters by their reasons."""
    eventually(process.is_ready, 60, "intake is ready")
    records = [(0, contact_json("odd", priority=99)), (1, contact_json("known-later"))]
    produce(stack.endpoints["kafka"], INTAKE, records)
    both = eventually(
        lambda: found if (found := letters(stack))["total"] == len(records) else None,
        what="both are dead",
    )
    return {letter["reason"]: letter for letter in both["letters"]}


def look_at(stack: Stack, letter: str) -> None:
    _, shown = command(stack, "dead", "show", letter)
    assert shown["original"]["fields"]["priority"] == 99
    assert shown["requeue"]["possible"]
    said = json.dumps([shown, letters(stack)])
    assert not [secret for secret in (PHONE, NAME, "10000") if secret in said]


def drop(stack: Stack, letter: str) -> None:
    code, refused = command(stack, "dead", "drop", letter)
    assert code == 2
    assert "--why" in refused["error"]
    code, dropped = command(stack, "dead", "drop", letter, *WHY)
    assert (code, dropped["did"]) == (0, {"dropped": 1})


def test_what_intake_refuses_is_dropped_or_called_once_its_cause_is_gone(
    stack: Stack, tmp_path: Path
) -> None:
    strict = settings(stack, SEATLINE_PHONE_STRICT="true")
    with intake(stack.endpoints["kafka"], tmp_path / "intake", strict) as process:
        found = refused_by(process, stack)
        assert process.stop() == 0
    assert found.keys() == {"invalid_field", "invalid_phone"}
    odd, later = found["invalid_field"], found["invalid_phone"]
    assert (odd["field"], odd["contact_id"], odd["may"]) == ("priority", "odd", ["requeue", "drop"])
    audited(stack, contacts=2, held=2, refused=0)

    look_at(stack, odd["id"])
    drop(stack, odd["id"])
    assert [letter["id"] for letter in letters(stack)["letters"]] == [later["id"]]
    audited(stack, contacts=2, held=1, refused=1)

    with (
        intake(stack.endpoints["kafka"], tmp_path / "intake", settings(stack)) as process,
        load_on(stack, tmp_path) as load,
    ):
        code, done = command(stack, "dead", "requeue", "--all", *WHY)
        assert (code, done["did"]) == (0, {"requeued": 1})
        code, again = command(stack, "dead", "requeue", later["id"], *WHY)
        assert (code, again["did"]) == (0, {"already": 1})
        assert_promises_were_kept(stack, load)
        assert process.stop() == 0
    code, told = command(stack, "explain", "known-later")
    assert (code, told["place"]) == (0, "ended"), told
    assert sum(entry["kind"] == "arrived" for entry in told["story"]) == 1
    every = {letter["id"]: letter for letter in letters(stack, "--all")["letters"]}
    assert {every[each["id"]]["state"] for each in (odd, later)} == {"dropped", "requeued"}
    assert {letter["by"] for letter in every.values()} == {"Ravi"}
    assert journal(stack) == {("dead drop", "dropped"), ("dead requeue", "requeued")}


def journal(stack: Stack) -> set[tuple[str, str]]:
    """Return what Ravi ordered and what came of it."""
    code, listed = command(stack, "journal")
    assert code == 0, listed
    return {(each["action"], each["result"]) for each in listed["orders"] if each["by"] == "Ravi"}


def test_an_input_that_its_owner_dies_of_is_skipped_and_everybody_can_tell(stack: Stack) -> None:
    stack.pause("router-0")
    deadly = contacts_pb2.ContactRecord(contacts=[contact("deadly")]).SerializeToString()
    ((partition, offset),) = produce(stack.endpoints["kafka"], CONTACTS, [(1, deadly)])
    name = f"{CONTACTS}/{partition}/{offset}"
    code, asked = command(stack, "skip", name, *WHY, "--no-wait")
    assert (code, asked["changed"], asked["slot"]) == (0, True, "router-0"), asked
    # Its next life has read the request before it comes to the input.
    stack.kill("router-0")

    def skipped() -> list[dict[str, Any]]:
        return list(letters(stack, "--service", "router")["letters"])

    (letter,) = eventually(skipped, 60, "it is set aside")
    assert (letter["contact_id"], letter["reason"]) == ("deadly", "undecidable")
    _, told = command(stack, "explain", "deadly")
    assert (told["place"], told["waits_for"]) == (
        "dead",
        f"a hand: see `seatline dead show {letter['id']}`",
    )
    assert ("skip", f"set aside as dead letter {letter['id']}") in journal(stack)
    code, again = command(stack, "skip", name, *WHY)
    assert (code, again["changed"]) == (0, False), again
    assert command(stack, "dead", "drop", letter["id"], *WHY)[0] == 0
    assert command(stack, "explain", "deadly")[1]["place"] == "dropped"
    eventually(lambda: command(stack, "audit")[1]["ok"], what="the audit holds")


def test_a_record_that_the_router_cannot_read_dies_again_when_its_cause_is_not_gone(
    stack: Stack,
) -> None:
    before = letters(stack, "--all")["total"]
    _, report = command(stack, "audit")
    held, dropped = report["held"], report["places"].get("dropped", 0)
    produce(stack.endpoints["kafka"], CONTACTS, [(1, b"\xff nobody of ours wrote this")])

    def unread() -> list[dict[str, Any]]:
        return list(letters(stack, "--service", "router")["letters"])

    (letter,) = eventually(unread, what="the router gives it up")
    assert (letter["reason"], letter["state"]) == ("unreadable", "open")
    audited(stack, held=held + 1)
    code, _ = command(stack, "dead", "requeue", letter["id"], *WHY)
    assert code == 0
    (copy,) = eventually(unread, what="it dies again")
    assert copy["id"] != letter["id"]
    eventually(
        lambda: command(stack, "audit")[1]["held"] == held + 1, what="its copy is counted alone"
    )
    audited(stack, held=held + 1)
    assert command(stack, "dead", "drop", copy["id"], *WHY)[0] == 0
    assert letters(stack, "--all")["total"] == before + 2
    _, report = command(stack, "audit")
    assert (report["held"], report["places"]["dropped"]) == (held, dropped + 1)
