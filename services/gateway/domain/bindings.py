"""Which session is bound to which stream, and under which generation (rule 4.6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.gateway.domain.values import Attempt, Nonce, SessionId, StreamId
from services.runtime.set_digest import with_member, without_member


@dataclass(slots=True)
class Binding:
    """One wish of a session to be bound to a stream, and what the log made of it."""

    session_id: SessionId
    nonce: Nonce
    stream_id: StreamId
    partition: int
    centre_id: str
    languages: tuple[str, ...]
    generation: int = 0
    """Given by the dispatcher alone; 0 until its fact was read."""
    since: tuple[int, int] = (0, 0)
    """Append time and partition of the fact that bound it."""
    elsewhere: tuple[int, int] = (0, 0)
    """The same of the latest sign-in in another partition that was read before that fact."""
    confirmed: Attempt | None = None
    """Last attempt whose CONFIRM was read: a repeated one changes nothing."""

    @property
    def is_bound(self) -> bool:
        """True once the log has bound it."""
        return self.generation > 0


class Bindings:
    """All bindings of this gateway. A nonce is here exactly while a stream holds it."""

    def __init__(self) -> None:
        self._by_nonce: dict[Nonce, Binding] = {}
        self._by_session: dict[SessionId, list[Binding]] = {}
        self._by_stream: dict[StreamId, dict[Nonce, Binding]] = {}
        self._digests: dict[int, int] = {}
        """Of the nonces in force, by partition."""

    def __len__(self) -> int:
        return len(self._by_nonce)

    def __iter__(self) -> Iterator[Binding]:
        return iter(self._by_nonce.values())

    def open(self, binding: Binding) -> None:
        """Remember a binding that the log does not know yet."""
        self._by_nonce[binding.nonce] = binding
        self._by_session.setdefault(binding.session_id, []).append(binding)
        self._by_stream.setdefault(binding.stream_id, {})[binding.nonce] = binding

    def of_nonce(self, nonce: bytes) -> Binding | None:
        """Return the binding that a fact names, if a stream here holds it."""
        return self._by_nonce.get(Nonce(nonce))

    def of_session(self, session_id: SessionId) -> Binding | None:
        """Return the binding of a session that is in force, else the newest that is asked for."""
        found = self._by_session.get(session_id)
        if not found:
            return None
        return next((each for each in reversed(found) if each.is_bound), found[-1])

    def on_stream(self, stream_id: StreamId, session_id: SessionId) -> Binding | None:
        """Return the newest binding of a session on one stream."""
        for binding in reversed(self._by_session.get(session_id, ())):
            if binding.stream_id == stream_id:
                return binding
        return None

    def count_on(self, stream_id: StreamId) -> int:
        """Return how many bindings a stream holds."""
        return len(self._by_stream.get(stream_id, ()))

    def digest(self, partition: int) -> int:
        """Return the digest of the nonces in force of a partition (rule 4.7)."""
        return self._digests.get(partition, 0)

    def in_force(self, partition: int) -> list[Nonce]:
        """Return the nonces in force of a partition, ascending."""
        return sorted(
            binding.nonce
            for binding in self._by_nonce.values()
            if binding.partition == partition and binding.is_bound
        )

    def signed_in(
        self, session_id: SessionId, nonce: Nonce, generation: int, partition: int, at_ms: int
    ) -> list[Binding]:
        """Give a binding its generation and return what this ends: older ones, or itself.

        Generations have no order across partitions, nor has their reading. There the sign-in
        appended last stands, so that all gateways agree in whichever order they read. A binding
        that the log has not decided yet stays: its own fact is still to come.
        """
        since = (at_ms, partition)
        ended = []
        for other in self._by_session.get(session_id, ()):
            if other.nonce == nonce:
                if not other.is_bound:
                    self._digests[partition] = with_member(self.digest(partition), nonce)
                other.generation, other.since = generation, since
                is_over = other.elsewhere > since
            elif other.partition == partition:
                is_over = other.is_bound and other.generation < generation
            elif other.is_bound:
                is_over = other.since < since
            else:
                other.elsewhere = max(other.elsewhere, since)
                is_over = False
            if is_over:
                ended.append(other)
        for other in ended:
            self.close(other)
        return ended

    def close(self, binding: Binding) -> None:
        """Forget a binding."""
        if self._by_nonce.pop(binding.nonce, None) is None:
            return
        if binding.is_bound:
            partition = binding.partition
            self._digests[partition] = without_member(self.digest(partition), binding.nonce)
        of_session = self._by_session[binding.session_id]
        of_session.remove(binding)
        if not of_session:
            del self._by_session[binding.session_id]
        of_stream = self._by_stream[binding.stream_id]
        del of_stream[binding.nonce]
        if not of_stream:
            del self._by_stream[binding.stream_id]

    def close_stream(self, stream_id: StreamId) -> list[Binding]:
        """Forget and return what a stream held."""
        held = list(self._by_stream.get(stream_id, {}).values())
        for binding in held:
            self.close(binding)
        return held
