import pytest

from services.runtime.fenced_log.header import (
    READER_VERSION,
    Claim,
    Fence,
    FencePoint,
    Header,
    Yield,
)
from services.runtime.fenced_log.reader import (
    FencedReader,
    LogGapError,
    ReaderTooOldError,
    Verdict,
)
from services.runtime.fenced_log.wishes import HandOver, Request, Skip

ANN, BEN = b"a" * 16, b"b" * 16


def fence(epoch: int, owner: bytes = ANN, version: int = READER_VERSION, seq: int = 0) -> Header:
    return Header(FencePoint(epoch, owner, seq), 0, control=Fence("slot-0", version))


def record(epoch: int, seq: int, owner: bytes = ANN) -> Header:
    return Header(FencePoint(epoch, owner, seq), 0)


def asking(control: Claim | Request, owner: bytes = BEN) -> Header:
    return Header(FencePoint(0, owner, 0), 0, control=control)


def reader_after(*headers: Header) -> FencedReader:
    reader = FencedReader("log/0")
    for header in headers:
        assert reader.accept(header) is Verdict.ACCEPTED
    return reader


def test_a_fence_and_the_records_that_follow_it_count() -> None:
    reader = reader_after(fence(1), record(1, 1), record(1, 2))
    assert reader.point == FencePoint(1, ANN, 2)


def test_a_lower_epoch_is_dropped_whoever_wrote_it() -> None:
    reader = reader_after(fence(1), fence(3, BEN))
    assert reader.accept(record(1, 1, ANN)) is Verdict.LOWER_EPOCH
    assert reader.accept(fence(2, ANN)) is Verdict.LOWER_EPOCH
    assert reader.accept(record(2, 1, BEN)) is Verdict.LOWER_EPOCH
    assert reader.point == FencePoint(3, BEN, 0)


def test_of_two_fences_of_one_epoch_the_earlier_won() -> None:
    reader = reader_after(fence(1), fence(2, BEN))
    assert reader.accept(fence(2, ANN)) is Verdict.OTHER_OWNER
    assert reader.accept(record(2, 1, ANN)) is Verdict.OTHER_OWNER
    assert reader.accept(record(2, 1, BEN)) is Verdict.ACCEPTED


def test_a_seq_already_seen_is_dropped_and_moves_nothing() -> None:
    reader = reader_after(fence(1), record(1, 1), record(1, 2))
    for seen in (fence(1), record(1, 1), record(1, 2)):
        assert reader.accept(seen) is Verdict.SEEN_SEQ
    assert reader.accept(record(1, 3)) is Verdict.ACCEPTED


def test_a_gap_in_seq_stops_the_reader_where_it_was() -> None:
    reader = reader_after(fence(1), record(1, 1))
    with pytest.raises(LogGapError, match="log/0: seq 3 follows 1"):
        reader.accept(record(1, 3))
    assert reader.point == FencePoint(1, ANN, 1)


@pytest.mark.parametrize("header", [record(2, 0), record(2, 1), fence(2, BEN, seq=1)])
def test_a_higher_epoch_without_its_fence_stops_the_reader(header: Header) -> None:
    reader = reader_after(fence(1))
    with pytest.raises(LogGapError, match="begins without its fence"):
        reader.accept(header)
    assert reader.point == FencePoint(1, ANN, 0)


def test_a_log_that_begins_without_a_fence_stops_the_reader() -> None:
    with pytest.raises(LogGapError):
        FencedReader("log/0").accept(record(1, 1))


def test_a_log_whose_oldest_records_are_gone_stops_a_reader_that_needs_them() -> None:
    with pytest.raises(LogGapError, match="the log was cut"):
        FencedReader("log/0").accept(fence(2))


def test_an_epoch_may_be_skipped_by_a_fence() -> None:
    reader_after(fence(1), fence(4, BEN), record(4, 1, BEN))


def test_a_counting_fence_for_newer_readers_stops_this_one() -> None:
    with pytest.raises(ReaderTooOldError, match="upgrade"):
        reader_after(fence(1)).accept(fence(2, BEN, READER_VERSION + 1))


def test_an_overtaken_fence_for_newer_readers_stops_nobody() -> None:
    reader = reader_after(fence(1), fence(2))
    assert reader.accept(fence(1, BEN, READER_VERSION + 1)) is Verdict.LOWER_EPOCH
    assert reader.accept(fence(2, BEN, READER_VERSION + 1)) is Verdict.OTHER_OWNER


@pytest.mark.parametrize(
    "control",
    [
        Claim("slot-1"),
        Request("ann", "", HandOver("slot-1")),
        Request("ann", "", Skip("commands", 0, 1, 0)),
        Request("ann", "", None),
    ],
)
def test_a_claim_or_request_counts_for_nothing_wherever_it_stands(
    control: Claim | Request,
) -> None:
    reader = FencedReader("log/0")
    assert reader.accept(asking(control)) is Verdict.WITHOUT_AUTHORITY
    assert reader.point is None
    reader.accept(fence(1))
    assert reader.accept(asking(control, ANN)) is Verdict.WITHOUT_AUTHORITY
    assert reader.accept(record(1, 1)) is Verdict.ACCEPTED


def test_a_yield_is_a_record_of_its_reign_and_begins_none() -> None:
    reader = reader_after(fence(1), Header(FencePoint(1, ANN, 1), 0, control=Yield("slot-1")))
    assert reader.accept(fence(2, BEN)) is Verdict.ACCEPTED
    late = Header(FencePoint(1, ANN, 2), 0, control=Yield(""))
    assert reader.accept(late) is Verdict.LOWER_EPOCH
    with pytest.raises(LogGapError):
        reader.accept(Header(FencePoint(3, ANN, 0), 0, control=Yield("")))


def test_a_reader_goes_on_behind_a_saved_point() -> None:
    reader = FencedReader("log/0", FencePoint(2, BEN, 7))
    assert reader.accept(record(1, 9, ANN)) is Verdict.LOWER_EPOCH
    assert reader.accept(record(2, 7, BEN)) is Verdict.SEEN_SEQ
    assert reader.accept(record(2, 8, BEN)) is Verdict.ACCEPTED
    assert reader.accept(fence(3, ANN)) is Verdict.ACCEPTED


def test_only_accepted_records_count() -> None:
    assert [verdict for verdict in Verdict if verdict.counts] == [Verdict.ACCEPTED]


def test_who_does_not_know_requests_and_yields_reads_nothing_there_and_a_heartbeat() -> None:
    reader = reader_after(fence(1))
    unknown_request = Header(FencePoint(0, BEN, 0), 0)
    assert reader.accept(unknown_request) is Verdict.LOWER_EPOCH
    unknown_yield = record(1, 1)
    assert reader.accept(unknown_yield) is Verdict.ACCEPTED
    assert reader.accept(fence(2, BEN)) is Verdict.ACCEPTED
