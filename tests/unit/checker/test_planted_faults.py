from pathlib import Path

import pytest

from seatline.commands.v1 import commands_pb2
from tests.checker.check import check
from tests.checker.findings import RULES
from tests.checker.history import COMMANDS
from tests.support import faults_in_dead, faults_in_memory, faults_in_snapshots
from tests.support.checked_history import Stamped, WrittenHistory
from tests.support.clean_day import clean_day
from tests.support.faults import FAULTS, command_on
from tests.support.faults_in_calls import ALSO


def test_a_clean_day_is_accepted() -> None:
    report = check(clean_day().frozen())
    assert report.ok, report.findings.kept


def test_a_clean_day_has_a_takeover_a_zombie_a_late_accept_a_redial_and_withdrawals() -> None:
    facts = [stamped.said for stamped in clean_day().logs["seatline.facts.v1", 0]]
    epochs = [record.header.epoch for record in facts if not record.header.HasField("claim")]
    assert epochs != sorted(epochs), "no zombie"
    kinds = {fact.WhichOneof("kind") for record in facts for fact in record.facts}
    assert kinds >= {"offer_declined", "offer_expired", "outcome_amended", "withdrawal_applied"}
    confirmed = [f.confirmed.attempt for r in facts for f in r.facts if f.HasField("confirmed")]
    assert {a.release for a in confirmed if a.contact_id == "redialled"} == {1, 2}


def announced(history: WrittenHistory, later_ms: int) -> Stamped:
    """Say that a number is shown of which the log says that it never was."""
    accepted = command_on(history, "accept_offer", "silent")
    accept = accepted.said.commands[0].accept_offer
    said = commands_pb2.CommandRecord(boot_id=accepted.said.boot_id)
    unsealing = said.commands.add().unsealing
    unsealing.session_id = accept.session_id
    unsealing.attempt.CopyFrom(accept.attempt)
    return Stamped(accepted.appended_at_ms + later_ms, said)


def test_an_announcement_behind_a_step_back_of_the_brokers_clock_proves_nothing() -> None:
    """Stamped in time it was made when the log had called the attempt off (seed 124)."""
    history = clean_day()
    log = history.logs[COMMANDS, 0]
    step_ms = log[-1].appended_at_ms - announced(history, 1).appended_at_ms
    assert step_ms > 0
    log.append(announced(history, 1))
    assert check(history.frozen()).ok
    log[-1] = announced(history, step_ms)
    assert check(history.frozen()).ok, "far too late, by a clock that was not stepped"


def test_an_announcement_made_in_time_and_repeated_behind_a_step_back_was_made_in_time() -> None:
    history = clean_day()
    log = history.logs[COMMANDS, 0]
    where = log.index(command_on(history, "accept_offer", "silent"))
    log.insert(where + 1, announced(history, 2))
    log.append(announced(history, 1))
    assert "never_dialled_too_early" in check(history.frozen()).findings.counts


def test_every_rule_has_a_planted_fault() -> None:
    assert FAULTS.keys() == RULES.keys()
    assert FAULTS["requeued_twice"].spoil is faults_in_dead.requeued_twice
    assert FAULTS["live_state"].spoil is faults_in_memory.live_state
    assert FAULTS["snapshot_state"].spoil is faults_in_snapshots.snapshot_state


def test_every_rule_stands_in_the_table_of_the_docs_with_its_number() -> None:
    told = (Path(__file__).parents[3] / "docs" / "reliability.md").read_text()
    rows = [f"| `{rule.name}` | {rule.number} | {rule.says} |" for rule in RULES.values()]
    assert not [row for row in rows if row not in told]


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_by_the_rule_of_its_name_alone(name: str) -> None:
    fault = FAULTS[name]
    history = clean_day()
    history.tables = None
    if not fault.is_kept:
        history.drop_snapshots()
    fault.spoil(history)
    if fault.is_recorded:
        history.recorded()
    if not fault.is_watched:
        history.journal.clear()
    if not fault.is_told:
        history.told.clear()

    findings = check(history.frozen()).findings
    assert set(findings.counts) == {name} | ALSO.get(name, set()), findings.kept
    story = next(found for found in findings.kept if found.rule.name == name)
    assert story.story
    assert story.rule.number
