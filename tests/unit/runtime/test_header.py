from hypothesis import given
from hypothesis import strategies as st

from seatline.log.v1 import log_pb2
from services.runtime.fenced_log.header import (
    Claim,
    Failure,
    Fence,
    FencePoint,
    Header,
    Position,
    SnapshotChunk,
    SnapshotDone,
    Yield,
    brief,
    from_proto,
    to_proto,
)
from services.runtime.fenced_log.wishes import HandOver, Request, Skip, WriteLess

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
at_ms = st.integers(0, 253_402_300_799_999)
points = st.builds(FencePoint, u64, st.binary(max_size=16), u64)
positions = st.builds(Position, u64, u32, st.none() | points)
topics = st.text(max_size=30)
failures = st.builds(Failure, topics, u32, u64, u32, u32, st.booleans(), st.text(max_size=20))
wishes = st.one_of(
    st.none(),
    st.builds(HandOver, topics),
    st.builds(Skip, topics, u32, u64, u32),
    st.builds(WriteLess, u32),
)
inputs = st.lists(st.tuples(topics, u32, positions), max_size=4).map(tuple)
failed = st.lists(failures, max_size=3).map(tuple)
takeovers = st.lists(at_ms, max_size=3).map(tuple)
placed_since = (st.booleans(), at_ms)
controls = st.one_of(
    st.builds(Fence, topics, u32),
    st.builds(Claim, topics),
    st.builds(Request, topics, topics, wishes, topics),
    st.builds(Yield, topics),
    st.builds(SnapshotChunk, u32, st.binary(max_size=20)),
    st.builds(
        SnapshotDone, u64, u64, u32, at_ms, inputs, failed, topics, takeovers, *placed_since, u32
    ),
)
headers = st.builds(Header, points, at_ms, inputs, st.none() | controls, failed)


@given(headers)
def test_a_header_survives_the_wire(header: Header) -> None:
    wire = to_proto(header).SerializeToString()
    message = log_pb2.Header.FromString(wire)
    assert from_proto(message) == header
    assert brief(message).control == header.control


def test_times_finer_than_a_millisecond_are_cut() -> None:
    message = log_pb2.Header(epoch=1)
    message.at.seconds, message.at.nanos = 5, 7_999_999
    assert from_proto(message).at_ms == 5_007
