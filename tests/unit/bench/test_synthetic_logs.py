import pytest

from bench.cores.log import FACTS_A_CONTACT, Floor, facts_log, whole_contacts
from bench.rows.recorder import ListedLog
from seatline.rulings.v1 import rulings_pb2
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain.facts import Ended, Queued
from services.dispatcher.domain.limits import Limits
from services.dispatcher.handlers import FloorHandler
from services.runtime.fenced_log.reader import FencedReader

FLOOR = Floor(sessions=100, centres=5, contacts_per_s=1.0)
FROM_MS = 1_770_000_000_000


def folded(log: list[bytes]) -> tuple[FloorHandler, int, int]:
    """Read a log as a dispatcher that starts; give its floor, its facts and their last time."""
    codec, reader, core = DispatcherCodec(1), FencedReader("a test"), FloorHandler(Limits())
    facts = at_ms = 0
    for value in log:
        header = codec.header(value)
        assert reader.accept(header).counts
        entries = codec.entries(value)
        core.evolve(entries, header.at_ms)
        facts += len(entries)
        at_ms = header.at_ms
    return core, facts, at_ms


@pytest.mark.parametrize("minutes", [1, 3])
def test_a_log_of_any_age_is_one_that_a_dispatcher_can_fold(minutes: int) -> None:
    core, facts, at_ms = folded(list(facts_log(FLOOR, 60.0 * minutes, FROM_MS)))
    opening = 2 + FLOOR.sessions
    assert facts == opening + minutes * 60 * FACTS_A_CONTACT
    assert len(core.floor.sessions) == FLOOR.sessions
    assert core.floor.contacts == {}
    assert 0 <= FROM_MS + minutes * 60_000 - at_ms <= 1_000


def test_whole_contacts_are_all_different_and_all_end() -> None:
    rulings, facts = whole_contacts(1_500, FROM_MS)
    ruled = [r for value in rulings for r in rulings_pb2.RulingRecord.FromString(value).rulings]
    assert len({r.contact.contact_id for r in ruled}) == 1_500
    entries = [e for value in facts for e in DispatcherCodec(1).entries(value)]
    queued = {e.contact.contact_id for e in entries if isinstance(e, Queued)}
    ended = {e.attempt.contact_id for e in entries if isinstance(e, Ended)}
    assert queued == ended == {r.contact.contact_id for r in ruled}
    assert folded(facts)[0].floor.contacts == {}


def test_a_listed_log_gives_each_record_once_and_then_nothing() -> None:
    tp = ("facts", 0)
    log = ListedLog({tp: [b"%d" % n for n in range(1_200)]})
    log.assign({tp: 10})
    read = [record for _ in range(4) for record in log.poll(0)]
    assert [record.offset for record in read] == list(range(10, 1_200))
    assert log.at_end(tp, 0)
    assert log.ends()[tp].offset == 1_200
