"""Whoever needs no past of a log begins at its newest snapshot, and judges by what stood before."""

from services.runtime.fenced_log.from_snapshots import FromSnapshots
from services.runtime.fenced_log.reader import FencedReader
from services.runtime.log_port import START, Arrived
from tests.fakes.log import InMemoryLogReader
from tests.fakes.tally import LOG, PACED
from tests.unit.runtime.bench import CODEC
from tests.unit.runtime.test_snapshots import EVERY, town_with_snapshots
from tests.unit.runtime.town import Town

STARTS = {(LOG, 0): START, (PACED, 0): START}


def begun(town: Town) -> FromSnapshots:
    reader = FromSnapshots(InMemoryLogReader(town.broker), LOG, CODEC.brief, 2 * EVERY)
    reader.assign(STARTS)
    return reader


def read_on(reader: FromSnapshots) -> list[Arrived]:
    return [record for _ in range(12) for record in reader.poll(0)]


def test_a_log_is_read_from_its_newest_snapshot_and_other_topics_whole() -> None:
    town, _ = town_with_snapshots(200)
    arrived = read_on(begun(town))
    facts = [record for record in arrived if record.topic == LOG]
    assert 0 < len(facts) < len(town.broker.records((LOG, 0))) / 2
    assert facts[-1] == town.broker.records((LOG, 0))[-1]
    assert [r.offset for r in facts] == list(range(facts[0].offset, facts[-1].offset + 1))
    assert len([r for r in arrived if r.topic == PACED]) == 200


def test_its_records_are_judged_by_what_the_snapshot_says_stood_before() -> None:
    town, _ = town_with_snapshots(200)
    reader = begun(town)
    facts = [record for record in read_on(reader) if record.topic == LOG]
    judge = FencedReader("log/0", reader.points[0])
    assert all(judge.accept(CODEC.header(record.value)).counts for record in facts)
    first = CODEC.header(facts[0].value).point
    assert reader.points[0].seq == first.seq - 1


def test_a_short_log_is_read_whole() -> None:
    town, _ = town_with_snapshots(3)
    reader = begun(town)
    facts = [record for record in read_on(reader) if record.topic == LOG]
    assert facts == town.broker.records((LOG, 0))
    assert reader.points == {}


def test_no_partition_is_at_its_end_before_its_beginning_was_found() -> None:
    town, _ = town_with_snapshots(200)
    reader = begun(town)
    seen = []
    for _ in range(12):
        returned = [record for record in reader.poll(0) if record.topic == LOG]
        seen.append((reader.at_end((LOG, 0), 1_000), bool(returned)))
    assert seen.index((True, True)) == [any(each) for each in seen].index(True)
