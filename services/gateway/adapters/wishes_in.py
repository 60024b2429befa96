"""Take the wishes of a stream: judge, look up the binding, hand the command on or refuse."""

from dataclasses import dataclass

from seatline.commands.v1 import commands_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.gateway.adapters import news, wishes
from services.gateway.adapters.commands_out import KafkaCommands
from services.gateway.adapters.metrics import Metrics
from services.gateway.adapters.streams import Streams
from services.gateway.domain.values import SessionId, StreamId
from services.gateway.handlers import Refusal, Sessions
from services.runtime.errors import PoisonError
from services.runtime.log_port import SendError, Sent


@dataclass
class WishesIn:
    """Turns each wish into a command or a refusal; the stream stays either way."""

    sessions: Sessions
    commands: KafkaCommands
    streams: Streams
    metrics: Metrics

    def take(self, stream_id: StreamId, frame: wire.ClientFrame) -> None:
        """Act on a frame, in order; what it gathered is sent as one batch per partition."""
        self.metrics.frames_in.inc()
        if len(frame.events) > wishes.EVENTS_MAX:
            self.streams.tell(stream_id, news.refused("", "", "too_many", "events"))
            return
        for event in frame.events:
            self._take(stream_id, event)
        self.commands.flush_soon()

    def _take(self, stream_id: StreamId, event: wire.ClientEvent) -> None:
        try:
            kind = wishes.kind_of(event)
            self.metrics.event(kind).inc()
            if kind == "sign_in":
                refusal = self.sessions.sign_in(stream_id, wishes.sign_in(event))
                attempt = None
            else:
                attempt = wishes.judged(kind, event)
                refusal = self._hand_on(stream_id, kind, event, attempt)
        except PoisonError as error:
            self._malformed(stream_id, event, error)
            return
        if refusal is not None:
            notice = news.refused(event.session_id, kind, refusal.reason, refusal.field, attempt)
            self.streams.tell(stream_id, notice)

    def _hand_on(
        self,
        stream_id: StreamId,
        kind: str,
        event: wire.ClientEvent,
        attempt: commands_pb2.Attempt | None,
    ) -> Refusal | None:
        found = self.sessions.bound(stream_id, SessionId(event.session_id))
        if isinstance(found, Refusal):
            return found

        def settled(outcome: Sent | SendError) -> None:
            if isinstance(outcome, SendError):
                notice = news.refused(event.session_id, kind, "not_acknowledged", attempt=attempt)
                self.streams.tell(stream_id, notice)

        self.commands.wish(found.partition, wishes.command(kind, event, found), settled)
        return None

    def _malformed(self, stream_id: StreamId, event: wire.ClientEvent, error: PoisonError) -> None:
        # An id that is itself malformed is not sent back.
        session_id = event.session_id if len(event.session_id) <= wishes.ID_CHARS_MAX else ""
        wish = event.WhichOneof("kind") or ""
        self.streams.tell(stream_id, news.refused(session_id, wish, str(error), error.field))
