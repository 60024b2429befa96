"""The writer of the version before takes a log over again, as long as nothing new stands in it."""

from collections.abc import Sequence
from dataclasses import fields

import pytest
from typing_extensions import override

from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.adapters.floor_codec import FloorCodec
from services.dispatcher.domain.facts import Fact
from services.dispatcher.domain.limits import Limits
from services.dispatcher.domain.timers import TimerKind
from services.dispatcher.handlers import FloorHandler
from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import Fence, FencePoint, Header, SnapshotDone
from tests.fakes.tally import LOG
from tests.support.builders import queued, signed_in
from tests.support.newer_wire import NEWER, unknown_field
from tests.support.scenario import FLOOR
from tests.unit.dispatcher.floor_town import FloorTown
from tests.unit.runtime.town import Slot

EVERY = 4


class NewerCodec(DispatcherCodec):
    """Writes what the version after this one does while it uses nothing new but more words."""

    @override
    def record(self, header: Header, entries: Sequence[Fact]) -> bytes:
        return super().record(header, entries) + unknown_field(b"more words")


def opened(town: FloorTown, index: int, codec: DispatcherCodec) -> Slot:
    return town.start(index, lambda _: FloorHandler(Limits()), codec=codec, state=FloorCodec())


def state(slot: Slot) -> dict[str, object]:
    """Give what a slot knows, but for when it looks at a gateway again: a look is no fact."""
    core = slot.decider.partitions[0].core
    assert isinstance(core, FloorHandler)
    floor = core.floor
    timers = sorted(each for each in floor.timers if each.kind is not TimerKind.GATEWAY)
    return {each.name: getattr(floor, each.name) for each in fields(floor)} | {"timers": timers}


def test_an_older_writer_takes_over_what_a_newer_one_wrote_and_has_its_state() -> None:
    town = FloorTown()
    town.snapshot_every = EVERY
    town.given(0, *FLOOR, signed_in("s0"), *(queued(f"c{n}") for n in range(3)))
    newer = opened(town, 0, NewerCodec(2))
    for _ in range(40):
        town.alive(0)
        town.turn(newer, times=10, ms=20)
    controls = [NewerCodec(2).header(each.value).control for each in town.broker.records((LOG, 0))]
    assert any(isinstance(each, SnapshotDone) for each in controls)

    older = opened(town, 1, DispatcherCodec(2))
    town.turn(older, times=10)
    assert older.observer.loads, "it folded from the start: nothing of a snapshot was tried"
    assert state(older) == state(newer)
    town.pass_silence(older)
    assert older.owns() >= {0}
    town.accept(0, 0)
    town.alive(0)
    town.turn(older, times=10)
    told = [type(each).__name__ for each in town.facts(0)]
    assert told.count("Confirmed") == 1


def test_an_older_writer_does_not_take_over_what_is_for_newer_readers() -> None:
    town = FloorTown()
    town.given(0, *FLOOR)
    fence = Header(FencePoint(2, b"n" * 16, 0), 0, control=Fence("tally-0", NEWER))
    town.broker.append((LOG, 0), DispatcherCodec(2).record(fence, ()))
    length = len(town.broker.records((LOG, 0)))
    older = opened(town, 1, DispatcherCodec(2))
    with pytest.raises(PromiseBrokenError, match=r"log/0.*upgrade this reader"):
        town.pass_silence(older)
    assert len(town.broker.records((LOG, 0))) == length
