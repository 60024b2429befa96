"""Router and dispatcher without what they decide: the loop of a decider around nothing."""

from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection

from bench.bare_path.setting import Setting
from bench.bare_path.wire import Entry, Log, Step, decode, encode
from bench.bare_path.workers import until_told
from bench.loops.lanes import Lanes
from services.runtime.fenced_log.decider import ACK_WAIT_S, IDLE_POLL_S
from services.runtime.kafka_log import IN_BULK, KafkaLogReader, KafkaLogWriter
from services.runtime.log_port import START, Arrived
from services.runtime.two_speed_reader import TwoSpeedReader

ROUTES: Mapping[int, Sequence[Step]] = {Step.CONTACT: (Step.RULING,)}
DISPATCHES: Mapping[int, Sequence[Step]] = {
    Step.RULING: (Step.QUEUED, Step.OFFERED),
    Step.ACCEPT: (Step.CONFIRMED,),
    Step.UNSEALING: (Step.DIAL_STARTED,),
    Step.HANG_UP: (Step.CALL_ENDED,),
    Step.OUTCOME: (Step.ENDED,),
}


class Relay:
    """Reads its inputs at once and its own log in bulk, as deciders do, and answers each entry."""

    def __init__(
        self,
        name: str,
        setting: Setting,
        inputs: Sequence[Log],
        own: Log,
        steps: Mapping[int, Sequence[Step]],
    ) -> None:
        """Begin at the start of all logs.

        Args:
            name: Of the process, for the broker's logs.
            setting: The run.
            inputs: Logs that are answered.
            own: Log of the answers; it is fetched too, as whoever follows it does.
            steps: The answers to an entry, by its step.
        """
        self._headers = {log.topic: log.header for log in inputs}
        self._steps = steps
        self._own = own
        self._reader = TwoSpeedReader(
            KafkaLogReader(setting.bootstrap, name),
            KafkaLogReader(setting.bootstrap, f"{name}-followed", fetching=IN_BULK),
            bulk=(own.topic,),
        )
        self._writer = KafkaLogWriter(setting.bootstrap, name)
        self._lanes = Lanes(self._writer, own.topic, bytes(own.header))
        self._freed = False
        logs = (*inputs, own)
        partitions = range(setting.load.partitions)
        self._reader.assign({(log.topic, n): START for log in logs for n in partitions})

    def turn(self) -> None:
        """Do one round: read what arrived, answer it, append the answers."""
        for arrived in self._reader.poll(self._patience_s()):
            if arrived.topic != self._own.topic:
                self._answer(arrived)
        self._writer.serve()
        self._lanes.send()
        blocked = self._lanes.blocked
        self._writer.serve()
        self._freed = self._lanes.blocked < blocked

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _answer(self, arrived: Arrived) -> None:
        for entry in decode(arrived.value, self._headers[arrived.topic]):
            partition = self._partition(arrived, entry)
            for step in self._steps[entry.step]:
                self._lanes.add(partition, encode(step, entry))

    def _partition(self, arrived: Arrived, entry: Entry) -> int:
        """Return where the answer goes: a ruling stays, all facts are its centre's."""
        return arrived.partition if entry.step == Step.CONTACT else entry.floor

    def _patience_s(self) -> float:
        """Return how long to wait for records; see `Decider`."""
        if not self._freed:
            if not self._lanes.blocked:
                return IDLE_POLL_S
            self._writer.serve(ACK_WAIT_S)
        return 0.0


def route(setting: Setting, told: Connection) -> None:
    """Be the router."""
    logs = setting.logs
    _relay(Relay("bare-router", setting, (logs.contacts,), logs.rulings, ROUTES), told)


def dispatch(setting: Setting, told: Connection) -> None:
    """Be the dispatcher."""
    logs = setting.logs
    inputs = (logs.rulings, logs.commands)
    _relay(Relay("bare-dispatcher", setting, inputs, logs.facts, DISPATCHES), told)


def _relay(relay: Relay, told: Connection) -> None:
    told.send("ready")
    stop = until_told(told)
    while not stop.is_set():
        relay.turn()
    relay.close()
