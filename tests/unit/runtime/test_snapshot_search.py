"""Which snapshots count: chunks in order, of one owner, with no fence before their end."""

import pytest

from services.runtime.fenced_log.header import (
    Control,
    Fence,
    FencePoint,
    Header,
    SnapshotChunk,
    SnapshotDone,
)
from services.runtime.fenced_log.snapshot import Snapshot, SnapshotSearch

A, B = b"a" * 16, b"b" * 16


def chunk(number: int, state: bytes = b"") -> SnapshotChunk:
    return SnapshotChunk(number, state or b"%d" % number)


def done(chunks: int = 2, covered: int = 40) -> SnapshotDone:
    return SnapshotDone(covered, 39, chunks, 0, (), (), "slot-0", ())


def found(*records: tuple[int, bytes, Control | None]) -> Snapshot | None:
    search = SnapshotSearch()
    for number, (epoch, owner, control) in enumerate(records, 100):
        seq = 0 if isinstance(control, Fence) else number
        search.take(Header(FencePoint(epoch, owner, seq), 0, control=control))
    return search.found


def test_a_whole_snapshot_is_found_with_other_records_in_between() -> None:
    snapshot = found(
        (4, A, None), (4, A, chunk(0)), (4, A, None), (4, A, chunk(1)), (4, A, None), (4, A, done())
    )
    assert snapshot is not None
    assert snapshot.chunks == (b"0", b"1")
    assert snapshot.point == FencePoint(4, A, 39)
    assert snapshot.done.covered == 40


def test_the_newest_counts() -> None:
    snapshot = found(
        *((4, A, each) for each in (chunk(0), chunk(1), done())),
        *((4, A, each) for each in (chunk(0, b"x"), chunk(1, b"y"), done(covered=80))),
        (4, A, chunk(0)),
    )
    assert snapshot is not None
    assert (snapshot.done.covered, snapshot.chunks) == (80, (b"x", b"y"))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([(4, A, chunk(0)), (4, A, chunk(1))], id="no end"),
        pytest.param([(4, A, chunk(1)), (4, A, done())], id="its beginning lies before"),
        pytest.param([(4, A, chunk(0)), (4, A, done())], id="a chunk is missing"),
        pytest.param([(4, A, done())], id="only the end was seen"),
        pytest.param(
            [(4, A, chunk(0)), (4, A, chunk(1)), (5, B, Fence("b")), (4, A, done())],
            id="a fence before its end",
        ),
        pytest.param(
            [(4, A, chunk(0)), (5, B, Fence("b")), (4, A, chunk(1)), (4, A, done())],
            id="a fence between its chunks",
        ),
        pytest.param(
            [(4, A, chunk(0)), (4, B, chunk(1)), (4, A, done())], id="a chunk of somebody else"
        ),
        pytest.param(
            [(4, A, chunk(0)), (4, A, chunk(1)), (5, A, done())], id="an end of another reign"
        ),
    ],
)
def test_what_is_not_whole_does_not_count(records: list[tuple[int, bytes, Control]]) -> None:
    assert found(*records) is None


def test_a_fence_that_lost_before_it_does_no_harm() -> None:
    assert found((4, A, chunk(0)), (4, B, Fence("b")), (4, A, chunk(1)), (4, A, done())) is not None


def test_a_snapshot_before_a_fence_counts_behind_it() -> None:
    assert found((4, A, chunk(0)), (4, A, chunk(1)), (4, A, done()), (5, B, Fence("b"))) is not None
