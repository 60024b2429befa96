"""How it is seen that a gateway works again: its sessions sign in, or their calls go on."""

from typing_extensions import override

from tests.chaos.signs import FACTS, Heard, Sign


class Bindings:
    """Which gateway's life each session is bound to, as facts say."""

    def __init__(self) -> None:
        self.boot_of: dict[str, bytes] = {}

    def hear(self, heard: Heard) -> None:
        """Follow sign-ins and sign-outs."""
        if heard.log[0] != FACTS:
            return
        for fact in heard.entries:
            kind = fact.WhichOneof("kind")
            if kind == "signed_in":
                self.boot_of[fact.signed_in.session_id] = fact.signed_in.boot_id
            elif kind == "signed_out":
                self.boot_of.pop(fact.signed_out.session_id, None)

    def of(self, boot_id: bytes) -> set[str]:
        """Name the sessions that are bound to one life of a gateway."""
        return {session for session, boot in self.boot_of.items() if boot == boot_id}


class SignsInAgain(Sign):
    """Every session that was bound to the victim is bound to a gateway again, or signed out.

    No log tells which process a life of a gateway is. The first session to change its binding
    after the fault was the victim's.
    """

    def __init__(self, bindings: Bindings, at_ms: int) -> None:
        super().__init__(at_ms)
        self._bindings = bindings
        self._waiting: set[str] | None = None
        self._count = 0

    @override
    def hear(self, heard: Heard) -> None:
        if heard.log[0] != FACTS or heard.appended_at_ms <= self.struck_at_ms or self.done:
            return
        for fact in heard.entries:
            kind = fact.WhichOneof("kind")
            if kind == "signed_in":
                self._signed_in(fact.signed_in.session_id, fact.signed_in.boot_id)
            elif kind == "signed_out" and self._waiting is not None:
                self._waiting.discard(fact.signed_out.session_id)
        if self._waiting is not None and not self._waiting:
            seconds = (heard.appended_at_ms - self.struck_at_ms) / 1_000
            self._come(
                seconds, f"{self._count:,} sessions had signed in again after {seconds:.1f} s"
            )

    @property
    @override
    def missing(self) -> str:
        if self._waiting is None:
            return "no session signs in again"
        return f"{len(self._waiting):,} of {self._count:,} sessions do not sign in again"

    def _signed_in(self, session_id: str, boot_id: bytes) -> None:
        before = self._bindings.boot_of.get(session_id)
        if self._waiting is None and before is not None and before != boot_id:
            self._waiting = self._bindings.of(before)
            self._count = len(self._waiting)
        if self._waiting is not None:
            self._waiting.discard(session_id)


class CallsGoOn(Sign):
    """After the victim's return a number is shown to one of its sessions."""

    def __init__(self, bindings: Bindings, at_ms: int) -> None:
        super().__init__(at_ms)
        self._bindings = bindings
        self._sessions: set[str] = set()
        """Of the gateway that a dispatcher missed; nobody's as long as none was missed."""

    @override
    def hear(self, heard: Heard) -> None:
        if heard.log[0] != FACTS or heard.appended_at_ms <= self.struck_at_ms or self.done:
            return
        for fact in heard.entries:
            if fact.WhichOneof("kind") == "gateway_lost":
                self._sessions |= self._bindings.of(fact.gateway_lost.boot_id)
        if self.healed_at_ms is None or heard.appended_at_ms <= self.healed_at_ms:
            return
        dialling = {fact.dial_started.session_id for fact in heard.entries} - {""}
        if dialling & self._sessions if self._sessions else dialling:
            seconds = (heard.appended_at_ms - self.healed_at_ms) / 1_000
            whose = f"{len(self._sessions):,} that were suspect" if self._sessions else "its desks"
            self._come(seconds, f"{seconds:.1f} s after its return a number was shown to {whose}")

    @property
    @override
    def missing(self) -> str:
        return "no number is shown to its sessions"
