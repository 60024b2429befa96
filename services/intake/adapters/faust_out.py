"""Send contacts and dead letters through Faust's producer, and wait for every acknowledgement."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence

import faust
from faust.types import RecordMetadata

from services.intake.adapters.codec import (
    CONTACTS_TOPIC,
    DEAD_TOPIC,
    contact_records,
    dead_letter,
)
from services.intake.adapters.faust_app import SEND_LIMIT_S
from services.intake.domain.values import Letter, SealedContact
from services.runtime.errors import PromiseBrokenError
from services.runtime.partitioning import partition_of

ACKNOWLEDGED_WITHIN_S = SEND_LIMIT_S + 5
"""The producer gives up by itself first."""


class FaustOutbox:
    """The outbox on an app that runs."""

    def __init__(self, app: faust.App, partitions: int) -> None:
        """Use an app's producer.

        Args:
            app: The app.
            partitions: Partitions of contacts and dead letters.
        """
        self._contacts = app.topic(CONTACTS_TOPIC, value_type=bytes, value_serializer="raw")
        self._dead = app.topic(DEAD_TOPIC, value_type=bytes, value_serializer="raw")
        self._partitions = partitions

    async def publish(
        self, contacts: Sequence[SealedContact], letters: Sequence[Letter]
    ) -> int | None:
        """Return once all of it is acknowledged by every in-sync replica.

        Returns:
            The newest append time, milliseconds since the epoch; None when nothing was sent.

        Raises:
            PromiseBrokenError: Something was not acknowledged in time.
        """
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
                acknowledged = await asyncio.gather(*await self._sent(contacts, letters))
        except TimeoutError:
            raise PromiseBrokenError(
                f"Kafka acknowledged nothing for {ACKNOWLEDGED_WITHIN_S} s; the records stay unread"
            ) from None
        except Exception as error:
            # Whatever the client raises means the same here: unknown, so not read.
            raise PromiseBrokenError(
                f"a send failed ({type(error).__name__}); the records stay unread"
            ) from error
        return max((int(sent.timestamp or 0) for sent in acknowledged), default=None)

    async def _sent(
        self, contacts: Sequence[SealedContact], letters: Sequence[Letter]
    ) -> list[Awaitable[RecordMetadata]]:
        by_partition: dict[int, list[SealedContact]] = defaultdict(list)
        for contact in contacts:
            key = contact.contact.contact_id.encode()
            by_partition[partition_of(key, self._partitions)].append(contact)
        sent = [
            await self._contacts.send(value=value, partition=partition, force=True)
            for partition, theirs in by_partition.items()
            for value in contact_records(theirs)
        ]
        for letter in letters:
            partition = letter.partition % self._partitions
            sent.append(
                await self._dead.send(value=dead_letter(letter), partition=partition, force=True)
            )
        return sent
