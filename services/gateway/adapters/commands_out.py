"""Commands to the dispatcher: one outbox a partition, one send in flight each."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from typing_extensions import override

from seatline.commands.v1 import commands_pb2 as wire
from services.gateway.adapters.metrics import Metrics
from services.gateway.domain.bindings import Binding
from services.gateway.domain.outbox import Entry, Outbox, Settled
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Attempt, Confirmed, KeptOutcome, Nonce, SignIn
from services.gateway.ports import Commands
from services.runtime.errors import TransientError
from services.runtime.log_port import LogWriter, SendError, Sent

FLUSH_GAP_S = 0.002
NONCES_MAX = 1_000
"""Nonces in one `StreamLost`: far below a record's limit."""
LISTED_MAX = 5_000
"""Nonces in one `PresenceList`: a fifth of a record's limit."""

_REASONS = {
    WhyNot.WITHDRAWN: wire.NOT_UNSEALED_REASON_WITHDRAWN,
    WhyNot.STOPPED: wire.NOT_UNSEALED_REASON_STOPPED,
    WhyNot.UNREADABLE: wire.NOT_UNSEALED_REASON_UNREADABLE,
    WhyNot.LATE: wire.NOT_UNSEALED_REASON_LATE,
}


class KafkaCommands(Commands):
    """Batches commands per partition; all methods belong to the loop, acknowledgements do not."""

    def __init__(
        self,
        writer: LogWriter,
        topic: str,
        partitions: int,
        boot_id: bytes,
        waiting_max: int,
        metrics: Metrics,
    ) -> None:
        """Start with empty outboxes.

        Args:
            writer: The log.
            topic: Of commands.
            partitions: Of that topic.
            boot_id: Of this gateway, in every record.
            waiting_max: Wishes that may wait per partition.
            metrics: Counts commands.
        """
        self._writer = writer
        self._topic = topic
        self._boot_id = boot_id
        self._metrics = metrics
        self._outboxes = [Outbox[wire.Command](waiting_max) for _ in range(partitions)]
        self._ready: set[int] = set()
        """Partitions that may have a batch to send: all others have nothing new, or one out."""
        self._alive_waits: set[int] = set()
        self._settled: deque[tuple[int, Sent | SendError]] = deque()
        self._flushing: asyncio.TimerHandle | None = None
        self._flushed_at_s = 0.0

    @override
    def has_room(self, partition: int) -> bool:
        return partition < len(self._outboxes) and self._outboxes[partition].has_room

    def wish(self, partition: int, command: wire.Command, settled: Settled) -> None:
        """Add a desk's wish; ask `has_room` first."""
        self._add(partition, command, settled)

    @override
    def sign_in(self, binding: Binding, wish: SignIn, settled: Settled) -> None:
        command = wire.Command(
            sign_in=wire.SignIn(
                session_id=binding.session_id,
                centre_id=binding.centre_id,
                languages=binding.languages,
                nonce=binding.nonce,
                resume_token=wish.resume_token,
                kept=map(_kept, wish.kept),
            )
        )
        self._add(binding.partition, command, settled)

    @override
    def stream_lost(self, partition: int, nonces: Sequence[Nonce]) -> None:
        for first in range(0, len(nonces), NONCES_MAX):
            part = nonces[first : first + NONCES_MAX]
            command = wire.Command(stream_lost=wire.StreamLost(nonces=part))
            # Unsaid, a session whose stream is gone would count as present.
            self._insist(partition, command)

    @override
    def unsealing(self, confirmed: Confirmed, settled: Settled) -> None:
        command = wire.Command(
            unsealing=wire.Unsealing(
                session_id=confirmed.session_id,
                generation=confirmed.generation,
                attempt=_attempt(confirmed),
            )
        )
        self._add(confirmed.partition, command, settled)
        # A caller waits for the number, and on a quiet gateway no wish of another comes along.
        self.flush_soon()

    @override
    def not_unsealed(self, confirmed: Confirmed, reason: WhyNot) -> None:
        command = wire.Command(
            not_unsealed=wire.NotUnsealed(
                session_id=confirmed.session_id,
                generation=confirmed.generation,
                attempt=_attempt(confirmed),
                reason=_REASONS[reason],
            )
        )
        # Unsaid, an announced call would count as begun.
        self._insist(confirmed.partition, command)

    @override
    def alive(self, partition: int, facts_offset: int, facts_at_ms: int, digest: int) -> None:
        if partition in self._alive_waits:
            return
        self._alive_waits.add(partition)
        alive = wire.GatewayAlive(facts_offset=facts_offset, digest=digest)
        alive.facts_at.FromMilliseconds(facts_at_ms)
        command = wire.Command(gateway_alive=alive)
        self._add(partition, command, lambda _: self._alive_waits.discard(partition))

    @override
    def presence_list(self, partition: int, number: int, nonces: Sequence[Nonce]) -> None:
        starts = range(0, len(nonces), LISTED_MAX) or (0,)  # nothing is said too
        edges = [b"", *(nonces[start] for start in starts[1:]), b""]
        for start, first, behind in zip(starts, edges, edges[1:], strict=False):
            part = wire.PresenceList(
                number=number,
                first=first,
                behind=behind,
                nonces=nonces[start : start + LISTED_MAX],
            )
            self._insist(partition, wire.Command(presence_list=part))

    def flush(self) -> None:
        """Send the next batch of every partition that has none out."""
        ready, self._ready = self._ready, set()
        for partition in ready:
            batch = self._outboxes[partition].take()
            if batch:
                self._send(partition, batch)

    def flush_soon(self) -> None:
        """Flush at once after a quiet moment, else with what comes until the gap is over.

        Frames of many desks are read in one turn of the loop, and in the next ones: a record each
        would cost the broker and every dispatcher as much as one that holds them all.
        """
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_at(self._flushed_at_s + FLUSH_GAP_S, self._flush_gathered)

    def _flush_gathered(self) -> None:
        self._flushing = None
        self._flushed_at_s = asyncio.get_running_loop().time()
        self.flush()

    @property
    def has_settled(self) -> bool:
        """True when `settle` has something to do. Safe from any thread."""
        return bool(self._settled)

    def settle(self) -> None:
        """Tell those who wait what became of their batches, then send what gathered meanwhile."""
        while self._settled:
            partition, outcome = self._settled.popleft()
            self._outboxes[partition].settle(outcome)
            # What came while the batch was out waits, and nobody else names the partition again.
            self._ready.add(partition)
        self.flush()

    @property
    def waiting(self) -> int:
        """Commands that are not settled yet."""
        return sum(len(outbox) for outbox in self._outboxes)

    def _insist(self, partition: int, command: wire.Command) -> None:
        """Say what nobody else would ever tell, again and again until it is acknowledged."""

        def settled(outcome: Sent | SendError) -> None:
            if isinstance(outcome, SendError):
                self._insist(partition, command)

        self._add(partition, command, settled)

    def _add(self, partition: int, command: wire.Command, settled: Settled) -> None:
        self._ready.add(partition)
        self._outboxes[partition].add(Entry(command, command.ByteSize(), settled))

    def _send(self, partition: int, batch: list[Entry[wire.Command]]) -> None:
        record = wire.CommandRecord(
            boot_id=self._boot_id, commands=[entry.command for entry in batch]
        )
        self._metrics.commands.inc(len(batch))
        # Called from the thread that serves the writer: it only leaves a note for `settle`.
        done = partial(self._note, partition)
        try:
            self._writer.send((self._topic, partition), record.SerializeToString(), done)
        except TransientError as error:
            self._note(partition, SendError(self._topic, partition, str(error)))

    def _note(self, partition: int, outcome: Sent | SendError) -> None:
        self._settled.append((partition, outcome))


def _kept(outcome: KeptOutcome) -> wire.KeptOutcome:
    kept = wire.KeptOutcome(
        attempt=_named(outcome.attempt), disposition=wire.Disposition.ValueType(outcome.disposition)
    )
    kept.talk.FromMilliseconds(outcome.talk_ms)
    return kept


def _attempt(confirmed: Confirmed) -> wire.Attempt:
    return _named(confirmed.attempt)


def _named(attempt: Attempt) -> wire.Attempt:
    return wire.Attempt(
        contact_id=attempt.contact_id, release=attempt.release, attempt=attempt.number
    )
