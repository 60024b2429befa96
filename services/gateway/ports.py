"""What the rules of the door need of the world."""

from collections.abc import Sequence
from typing import Protocol

from services.gateway.domain.bindings import Binding
from services.gateway.domain.outbox import Settled
from services.gateway.domain.unsealing import WhyNot
from services.gateway.domain.values import Confirmed, Nonce, Person, SignIn


class Commands(Protocol):
    """Says to the dispatcher what the gateway itself has to say; in order per partition."""

    def has_room(self, partition: int) -> bool:
        """Tell whether wishes are taken for a partition."""

    def sign_in(self, binding: Binding, wish: SignIn, settled: Settled) -> None:
        """Ask for a binding's sign-in, and hand on what its desk still keeps."""

    def alive(self, partition: int, facts_offset: int, facts_at_ms: int, digest: int) -> None:
        """Give a sign of life, unless the last one is still on its way."""

    def presence_list(self, partition: int, number: int, nonces: Sequence[Nonce]) -> None:
        """Answer a question for all nonces in force, ascending; repeated until acknowledged."""

    def stream_lost(self, partition: int, nonces: Sequence[Nonce]) -> None:
        """Report bindings whose stream ended; repeated until it is acknowledged."""

    def unsealing(self, confirmed: Confirmed, settled: Settled) -> None:
        """Announce that a number will be shown."""

    def not_unsealed(self, confirmed: Confirmed, reason: WhyNot) -> None:
        """Report that a number was not and will not be shown."""


class Desks(Protocol):
    """Tells the desks. Never blocks; a stream that does not read is closed."""

    def gone(self, binding: Binding) -> None:
        """Tell a session that its binding is over, because it sat down elsewhere."""

    def refused(self, binding: Binding, wish: str, reason: str) -> None:
        """Tell a session that its wish was refused."""

    def number(self, binding: Binding, confirmed: Confirmed, person: Person) -> None:
        """Show the number: the only call in which a person leaves this process."""


class Persons(Protocol):
    """Opens what was sealed."""

    def open(self, confirmed: Confirmed) -> Person | None:
        """Return the person of a CONFIRM, or None when the sealed text cannot be read."""


class Tally(Protocol):
    """Counts what the rules decide."""

    def number_shown(self) -> None:
        """Count a number shown."""

    def not_shown(self, reason: str) -> None:
        """Count a CONFIRM that ended without a number here."""
