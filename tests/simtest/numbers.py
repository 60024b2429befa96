"""Numbers on their way out of a gateway, under the eyes of the promises."""

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from services.dispatcher.adapters import topics
from services.dispatcher.domain import facts
from services.gateway.domain.values import Confirmed, Person
from services.gateway.ports import Persons
from tests.simtest.doors import GatewayNode
from tests.simtest.promises import BrokenPromiseError

if TYPE_CHECKING:
    from tests.simtest.world import World


def watch(world: "World", node: GatewayNode) -> None:
    """Pass the ports through which a number goes out, and have its opening judged."""
    unsealer: Any = node.gateway.running.unsealer
    announce, show = unsealer.commands.unsealing, unsealer.desks.number

    def announced(confirmed: Confirmed, settled: Any) -> None:
        world.last_unsealed = confirmed.session_id
        node.reach("unsealing")
        announce(confirmed, settled)

    def shown(*said: Any) -> None:
        node.reach("number")
        show(*said)

    orders = node.gateway.log_in.orders
    withdraw = orders[topics.SUPPRESSIONS]

    def withdrawn(value: bytes) -> None:
        withdraw(value)
        node.withdrawals_read += 1

    orders[topics.SUPPRESSIONS] = withdrawn
    unsealer.commands.unsealing, unsealer.desks.number = announced, shown
    unsealer.persons = WatchedPersons(world, node, unsealer.persons)


class WatchedPersons(Persons):
    """Opens as the real one, under the eyes of the promises."""

    def __init__(self, world: "World", node: GatewayNode, persons: Persons) -> None:
        self._world = world
        self._node = node
        self._persons = persons

    @override
    def open(self, confirmed: Confirmed) -> Person | None:
        world = self._world
        attempt = facts.Attempt(
            confirmed.attempt.contact_id, confirmed.attempt.release, confirmed.attempt.number
        )
        world.tell(f"{self._node.name} unseals {attempt.contact_id}/{attempt.release}")
        try:
            partition = confirmed.partition
            read = self._node.gateway.running.progress._next[partition]
            world.truth.promises.unseal(
                attempt,
                (partition, confirmed.nonce),
                world.late_ms(attempt),
                max(read, world.facts_due(partition)),
                self._node.withdrawals_read,
            )
        except BrokenPromiseError as error:
            world.scheduler.failure = error
        self._node.reach("open")
        return self._persons.open(confirmed)
