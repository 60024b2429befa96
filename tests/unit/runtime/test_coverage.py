from services.runtime.fenced_log.coverage import LOG_PER_SNAPSHOT, Coverage
from services.runtime.fenced_log.header import (
    Control,
    FencePoint,
    Header,
    SnapshotChunk,
    SnapshotDone,
)

EVERY = 10


def count(coverage: Coverage, size: int, control: Control | None = None) -> None:
    coverage.count(Header(FencePoint(1, b"o", 1), 0, control=control), size)


def done(covered: int) -> SnapshotDone:
    return SnapshotDone(covered, 0, 2, 0, (), (), "slot-0", ())


def test_the_first_snapshot_is_due_after_so_many_records() -> None:
    coverage = Coverage()
    assert not coverage.is_due(EVERY - 1, EVERY)
    assert coverage.is_due(EVERY, EVERY)


def test_the_next_one_counts_from_what_the_last_one_covers() -> None:
    coverage = Coverage()
    count(coverage, 0, done(covered=30))
    assert not coverage.is_due(39, EVERY)
    assert coverage.is_due(40, EVERY)


def test_a_snapshot_is_not_written_again_before_the_log_has_grown_by_a_multiple_of_it() -> None:
    coverage = Coverage()
    count(coverage, 300, SnapshotChunk(0, b""))
    count(coverage, 1_000_000)
    count(coverage, 200, SnapshotChunk(1, b""))
    count(coverage, 5, done(covered=30))
    count(coverage, LOG_PER_SNAPSHOT * 500 - 1)
    assert not coverage.is_due(1_000, EVERY)
    count(coverage, 1)
    assert coverage.is_due(1_000, EVERY)


def test_chunks_without_an_end_are_forgotten_with_the_next_chunk_0() -> None:
    coverage = Coverage()
    count(coverage, 1_000_000, SnapshotChunk(0, b""))
    count(coverage, 50, SnapshotChunk(0, b""))
    count(coverage, 5, done(covered=30))
    count(coverage, LOG_PER_SNAPSHOT * 50)
    assert coverage.is_due(1_000, EVERY)


def test_who_begins_at_a_snapshot_knows_how_large_it_is() -> None:
    coverage = Coverage()
    coverage.load(30, 400)
    assert not coverage.is_due(1_000, EVERY)
    count(coverage, LOG_PER_SNAPSHOT * 400)
    assert coverage.is_due(1_000, EVERY)
