"""Slots that work on one log over a broker that may fail them: what rules are made of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hypothesis import stateful

from services.runtime.errors import PromiseBrokenError
from services.runtime.fenced_log.header import FencePoint, Header
from services.runtime.fenced_log.reader import LogGapError, ReaderTooOldError
from services.runtime.fenced_log.wishes import HandOver, Request, Skip
from services.runtime.fenced_log.world import Place
from tests.fakes.gateway import CountingIds
from tests.fakes.log import FakeClock, HeldLogWriter, InMemoryBroker, InMemoryLogReader
from tests.fakes.tally import LOG, ORDERS, PACED, TallyCodec, numbers
from tests.support.log_story import Story, TallySlot

PARTITIONS = 2
SLOTS = 3
SNAPSHOT_EVERY = 8
"""So few records that most lives of a slot begin at a snapshot."""
FAILS_EVERY = 5
"""Every fifth number cannot be decided, and is set aside."""
FAILING = set(range(0, 100_000, FAILS_EVERY))
SETTLE_ROUNDS = 600
ROUND_MS = 400


class SlotsOfOneLog(stateful.RuleBasedStateMachine):
    """Starts, turns, ends and settles slots; the rules are a test's."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.broker = InMemoryBroker(self.clock)
        self.ids = CountingIds()
        self.slots: dict[int, TallySlot] = {}
        self.late: list[HeldLogWriter] = []
        self.next_number = 1
        self.inputs: dict[tuple[str, int], list[int]] = {}
        self.spoilt = 0
        self.stories = [Story(number) for number in range(PARTITIONS)]
        self.limit = 500

    def given(self, topic: str, number: int) -> list[int]:
        return self.inputs.get((topic, number), [])

    def give(self, topic: str, number: int, count: int) -> None:
        values = list(range(self.next_number, self.next_number + count))
        self.next_number += count
        if topic == ORDERS:
            values = decidable(values, set())  # an order that cannot be followed stops the process
        self.inputs.setdefault((topic, number), []).extend(values)
        self.broker.append((topic, number), numbers(*values))

    def ask(self, number: int, wish: HandOver | Skip, slot: str = "") -> None:
        request = Request(slot or "ann", "", wish, slot)
        # Whoever asks says the log's time, as far as it was read.
        header = Header(
            FencePoint(0, self.ids.draw(16), 0), self.stories[number].at_ms, (), request
        )
        self.broker.append((LOG, number), TallyCodec().record(header, ()))

    def start(self, index: int) -> None:
        place = Place(
            LOG, PARTITIONS, f"tally-{index}", index, SLOTS, snapshot_every=SNAPSHOT_EVERY
        )
        reader = InMemoryLogReader(self.broker, limit=self.limit)
        self.slots[index] = TallySlot(place, reader, self.ids, FAILING)

    @contextmanager
    def asleep(self, indices: Iterable[int]) -> Iterator[None]:
        sleepers = [self.slots[index] for index in indices]
        for one in sleepers:
            one.paused = True
        yield
        for one in sleepers:
            one.paused = False

    def start_the_dead(self) -> None:
        for index in range(SLOTS):
            if index not in self.slots:
                self.start(index)

    def turn(self, index: int) -> None:
        each = self.slots.get(index)
        if each is None or each.paused:
            return
        try:
            each.decider.turn()
        except (LogGapError, ReaderTooOldError):
            raise
        except PromiseBrokenError as error:
            if "acknowledged" not in str(error) and "not read back within" not in str(error):
                raise
            self.kill(index)

    def kill(self, index: int) -> None:
        each = self.slots.pop(index, None)
        if each is not None and each.writer.waiting:
            self.late.append(each.writer)

    def round(self) -> None:
        self.clock.advance(ROUND_MS)
        self.start_the_dead()
        for index in range(SLOTS):
            self.turn(index)
        self.read_on()

    def read_on(self) -> None:
        """Have somebody read who knows nothing but the log."""
        for story in self.stories:
            story.go_on(self.broker.records((LOG, story.number)))

    def settle(self) -> None:
        for _ in range(SETTLE_ROUNDS):
            self.round()
            if not self.unsettled():
                return
        raise AssertionError(self.unsettled())

    def unsettled(self) -> list[str]:
        return [
            problem
            for story in self.stories
            for problem in story.unsettled(self.slots, self.broker, (PACED, ORDERS))
        ]


def decidable(values: list[int], skipped: set[int]) -> list[int]:
    return [value for value in values if value % FAILS_EVERY and value not in skipped]
