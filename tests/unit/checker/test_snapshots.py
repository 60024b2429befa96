from collections.abc import Callable
from typing import Any

import pytest

from tests.checker.check import Report, check
from tests.checker.history import FACTS, RULINGS
from tests.checker.report import as_json, as_text
from tests.support.builders import HOUR
from tests.support.checked_history import Stamped, WrittenHistory
from tests.support.clean_day import CleanDay, clean_day
from tests.support.faults_in_snapshots import change_floor, change_seen, chunks_of, done_of
from tests.unit.checker.snapped import Change, looked_at

MINUTE_MS = 60_000


def test_the_snapshots_of_a_clean_day_are_compared_and_accepted() -> None:
    report = looked_at()
    assert report.ok, report.findings.kept
    compared = as_json(report)["snapshots"]
    assert compared["snapshots"] == 3, "two of facts, one of rulings"
    assert min(compared.values()) >= 3
    assert "in 3 snapshots:" in as_text(report)


def test_a_clean_day_has_snapshots_in_chunks_before_and_behind_a_takeover_and_one_undone() -> None:
    history = clean_day()
    assert min(len(chunks_of(history, topic)) for topic in (FACTS, RULINGS)) > 1
    assert done_of(history).takeovers, "no takeover before it"
    assert [each.said.header.epoch for each in ends_of(history)] == [1, 1, 2]


def test_chunks_alone_are_no_snapshot() -> None:
    def leave_undone(history: WrittenHistory) -> None:
        ends_of(history)[-1].said.header.ClearField("snapshot_done")

    report = looked_at(leave_undone)
    assert report.ok
    assert report.snapshots.snapshots == 2


def ends_of(history: WrittenHistory) -> list[Stamped]:
    return [s for s in history.logs[FACTS, 0] if s.said.header.HasField("snapshot_done")]


# --- whole ---------------------------------------------------------------------------------------


def fewer(history: WrittenHistory) -> None:
    done_of(history).chunks -= 1


def repeated(history: WrittenHistory) -> None:
    chunks_of(history)[1].number = 0


def swapped(history: WrittenHistory) -> None:
    first, second, *_ = chunks_of(history)[-2:]
    first.number, second.number = second.number, first.number


def left_out(history: WrittenHistory) -> None:
    for stamped in history.logs[FACTS, 0]:
        if stamped.said.header.snapshot_chunk == chunks_of(history)[-1]:
            stamped.said.header.ClearField("snapshot_chunk")
            return


def unreadable(history: WrittenHistory) -> None:
    chunks_of(history)[0].state = b"\xff\xff"


def without_rest(history: WrittenHistory) -> None:
    change_floor(history, lambda floor: floor.ClearField("rest"))


def of_another_reign(history: WrittenHistory) -> None:
    """Let the end of a snapshot that a takeover cut short come from the one who took over."""
    zombie = ends_of(history)[1]
    log = history.logs[FACTS, 0]
    behind = log[log.index(zombie) :]
    heir = next(s for s in behind if s.said.header.epoch > zombie.said.header.epoch)
    heir.said.header.snapshot_done.CopyFrom(zombie.said.header.snapshot_done)


@pytest.mark.parametrize(
    "spoil", [fewer, repeated, swapped, left_out, unreadable, without_rest, of_another_reign]
)
def test_a_snapshot_that_is_not_whole_is_found(spoil: Callable[[WrittenHistory], None]) -> None:
    assert looked_at(spoil).findings.counts == {"snapshot_not_whole": 1}


@pytest.mark.parametrize(
    "change",
    [
        lambda seen: seen.slices[-1].ClearField("ends_at"),
        lambda seen: seen.slices[-1].ends_at.FromMilliseconds(1),
        lambda seen: setattr(seen.slices[0], "keys", b"\xff"),
        lambda seen: setattr(seen.slices[0], "keys", b"contact/one"),
    ],
)
def test_chunks_of_a_router_that_cannot_be_read_are_found(change: Change) -> None:
    assert found_in_seen(change).findings.counts == {"snapshot_not_whole": 1}


# --- where it stands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda done: setattr(done, "covered", done.covered - 1),
        lambda done: setattr(done, "covered", done.covered + 2),
        lambda done: setattr(done, "seq", done.seq - 1),
        lambda done: setattr(done, "seq", done.seq + 1),
        lambda done: done.at.FromMilliseconds(1),
        lambda done: done.inputs.pop(),
        lambda done: setattr(done.inputs[0], "offset", done.inputs[0].offset + 1),
        lambda done: setattr(done.inputs[0], "index", 1),
        lambda done: done.inputs.add(topic="seatline.commands.v1", partition=7, offset=1),
        lambda done: done.failures.add(topic="seatline.commands.v1", attempt=1),
        lambda done: setattr(done, "slot", "dispatcher-7"),
        lambda done: done.takeovers.pop(),
        lambda done: done.takeovers.add(seconds=1),
        lambda done: setattr(done, "placed", True),
    ],
)
def test_a_snapshot_that_does_not_stand_where_it_says_is_found(change: Change) -> None:
    history = day_of_one_takeover()
    change(done_of(history))
    assert set(check(history.frozen()).findings.counts) == {"snapshot_position"}


def day_of_one_takeover() -> WrittenHistory:
    """Have a snapshot within a minute of a takeover."""
    day = CleanDay()
    day.open(["s1", "s2", "s3"])
    day.route("called")
    day.take_over()
    day.write_snapshot()
    history = day.history
    history.journal.clear()
    assert check(history.frozen()).ok
    return history


def test_a_fence_behind_a_yield_is_no_takeover_that_a_snapshot_has_to_name() -> None:
    history = day_of_one_takeover()
    facts = [stamped.said for stamped in history.logs[FACTS, 0]]
    done = done_of(history)
    fence = [record for record in facts if record.header.HasField("fence")][-1]
    before = facts[: facts.index(fence)]
    reign = [r for r in before if r.header.epoch == fence.header.epoch - 1]
    last = max(reign, key=lambda record: record.header.seq)
    last.header.yielding.to_slot = ""
    assert set(check(history.frozen()).findings.counts) == {"snapshot_position"}
    del done.takeovers[:]
    assert check(history.frozen()).ok
    last.header.yielding.to_slot = fence.header.fence.slot
    assert set(check(history.frozen()).findings.counts) == {"snapshot_position"}
    done.placed = True
    assert check(history.frozen()).ok


def test_the_fence_of_an_input_is_compared_too() -> None:
    history = day_of_one_takeover()
    (ruled,) = [each for each in done_of(history).inputs if each.HasField("fence")]
    ruled.fence.seq -= 1
    assert set(check(history.frozen()).findings.counts) == {"snapshot_position"}


def test_a_record_of_the_owner_between_what_is_covered_and_the_first_chunk_is_found() -> None:
    def before_the_last_record(history: WrittenHistory) -> None:
        done = done_of(history)
        done.covered -= 1
        done.seq -= 1

    assert looked_at(before_the_last_record).findings.counts.keys() == {"snapshot_position"}


def test_a_takeover_that_counts_no_more_may_be_forgotten() -> None:
    def forget(history: WrittenHistory) -> None:
        done = done_of(history)
        age_ms = done.at.ToMilliseconds() - done.takeovers[0].ToMilliseconds()
        assert age_ms > MINUTE_MS
        del done.takeovers[:]

    assert looked_at(forget).ok


@pytest.mark.parametrize(("told", "is_enough"), [(4, False), (5, True), (6, True), (7, True)])
def test_of_many_takeovers_in_a_minute_so_many_as_can_count_are_asked_for(
    told: int, is_enough: bool
) -> None:
    day = CleanDay()
    day.open(["s1", "s2", "s3"])
    for _ in range(7):
        day.take_over()
    day.write_snapshot(keeping=told)
    day.history.journal.clear()
    assert check(day.history.frozen()).ok is is_enough


def test_failures_that_are_tried_again_are_named_until_their_inputs_are_set_aside() -> None:
    history = day_of_one_takeover()
    before = next(s for s in history.logs[FACTS, 0] if s.said.header.seq == 1)
    failure = before.said.header.failures.add(topic="seatline.commands.v1", attempt=1)
    failure.reason = "KeyError"
    found = check(history.frozen()).findings
    assert found.counts == {"snapshot_position": 1}
    assert "the snapshot says nothing" in found.kept[0].story
    done_of(history).failures.append(failure)
    assert check(history.frozen()).ok


# --- what a router remembers ---------------------------------------------------------------------


def found_in_seen(change: Change) -> Report:
    return looked_at(lambda history: change_seen(history, change))


def test_a_release_that_was_never_ruled_on_is_found() -> None:
    def add(seen: Any) -> None:
        seen.slices[0].keys += b"\nstranger/1"

    (found,) = found_in_seen(add).findings.kept
    assert (found.rule.name, found.about.contact_id) == ("snapshot_seen", "stranger")


def test_a_release_that_was_ruled_behind_the_first_chunk_does_not_belong_there() -> None:
    history = clean_day()
    history.told.clear()
    first = chunks_of(history, RULINGS)[0]
    log = history.logs[RULINGS, 0]
    number = next(n for n, s in enumerate(log) if s.said.header.snapshot_chunk == first)
    ruled = next(s for s in reversed(log[:number]) if s.said.rulings)
    assert not looked_at().findings.counts
    # The record that rules last changes places with the first chunk.
    ruled.said.header.snapshot_chunk.CopyFrom(log[number].said.header.snapshot_chunk)
    log[number].said.header.ClearField("snapshot_chunk")
    log[number].said.rulings.MergeFrom(ruled.said.rulings)
    del ruled.said.rulings[:]
    counts = check(history.frozen()).findings.counts
    assert "snapshot_seen" in counts


@pytest.mark.parametrize("at_fault", ["held/1", "waiting/1"])
def test_a_release_that_is_forgotten_while_a_repeat_could_be_routed_is_found(at_fault: str) -> None:
    def forget(seen: Any) -> None:
        for part in seen.slices:
            keys = part.keys.split(b"\n")
            part.keys = b"\n".join(key for key in keys if key != at_fault.encode())

    (found,) = found_in_seen(forget).findings.kept
    assert f"{found.about.contact_id}/{found.about.release}" == at_fault


def test_a_release_in_a_slice_that_ends_before_it_was_ruled_is_found() -> None:
    def early(seen: Any) -> None:
        for part in seen.slices:
            part.ends_at.FromMilliseconds(HOUR)

    counts = found_in_seen(early).findings.counts
    assert set(counts) == {"snapshot_seen"}


def test_a_memory_that_is_lost_altogether_is_found() -> None:
    report = found_in_seen(lambda seen: seen.ClearField("slices"))
    assert set(report.findings.counts) == {"snapshot_seen"}


def test_a_release_of_which_no_repeat_is_valid_may_be_forgotten_with_its_slice() -> None:
    def expire(history: WrittenHistory) -> None:
        first = next(s for s in history.logs[RULINGS, 0] if s.said.rulings)
        (ruling,) = first.said.rulings
        key = f"{ruling.contact.contact_id}/{ruling.contact.release}".encode()
        ruling.contact.valid_until.FromMilliseconds(first.said.header.at.ToMilliseconds())

        def forget(seen: Any) -> None:
            ends = {part.ends_at.ToMilliseconds() for part in seen.slices}
            assert max(ends) > first.said.header.at.ToMilliseconds()
            for part in seen.slices:
                part.keys = b"\n".join(k for k in part.keys.split(b"\n") if k != key)

        change_seen(history, forget)

    report = looked_at(expire)
    assert report.ok, report.findings.kept
