"""What intake does with a batch: read, check and seal each record, send on, only then return."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.domain.ceiling import Ceiling
from services.intake.domain.checking import RECORD_BYTES_MAX, Rules, check
from services.intake.domain.values import (
    ForeignRecord,
    Letter,
    SealedContact,
    Unfit,
    UnfitReason,
)
from services.intake.ports import Meter, Outbox, Reader, Seals
from services.runtime.errors import PromiseBrokenError

RESULT_CONTACT = "contact"


@dataclass(slots=True)
class ForeignRecordsHandler:
    """Turns foreign records into contacts or dead letters, each into exactly one of them."""

    reader: Reader
    seals: Seals
    outbox: Outbox
    meter: Meter
    rules: Rules
    ceiling: Ceiling

    async def __call__(self, records: Sequence[ForeignRecord]) -> None:
        """Handle a batch; when this returns, its records may count as read.

        Raises:
            PromiseBrokenError: Too many records are dead, or one was not acknowledged in time.
        """
        made = [self._made_of(record) for record in records]
        too_many = self.ceiling.take(isinstance(each, Letter) for each in made)
        if too_many is not None:
            # Before anything of the batch is sent: the records stay unread.
            raise PromiseBrokenError(f"{too_many}; in this batch: {_reasons(made)}")
        appended_at_ms = await self.outbox.publish(
            [each for each in made if isinstance(each, SealedContact)],
            [each for each in made if isinstance(each, Letter)],
        )
        self._count(records, made, appended_at_ms)

    def _made_of(self, record: ForeignRecord) -> SealedContact | Letter:
        if len(record.value) > RECORD_BYTES_MAX:
            return _letter(record, Unfit(UnfitReason.TOO_LARGE), b"")
        foreign = self.reader.read(record.value)
        found = foreign if isinstance(foreign, Unfit) else check(foreign, record, self.rules)
        if isinstance(found, Unfit):
            return _letter(record, found, self.seals.seal_payload(record))
        return SealedContact(found, self.seals.seal_person(found))

    def _count(
        self,
        records: Sequence[ForeignRecord],
        made: Sequence[SealedContact | Letter],
        appended_at_ms: int | None,
    ) -> None:
        results = Counter(
            each.unfit.reason.value if isinstance(each, Letter) else RESULT_CONTACT for each in made
        )
        for result, count in results.items():
            self.meter.counted(result, count)
        if appended_at_ms is not None:
            for record in records:
                self.meter.aged(max(0, appended_at_ms - record.appended_at_ms))


def _reasons(made: Sequence[SealedContact | Letter]) -> str:
    """Say what is wrong with the dead of a batch: no letter of it is there to be listed."""
    counted = Counter(
        f"{each.unfit.reason.value} {each.unfit.field}".rstrip()
        for each in made
        if isinstance(each, Letter)
    )
    return ", ".join(f"{count} {reason}" for reason, count in counted.most_common())


def _letter(record: ForeignRecord, unfit: Unfit, sealed_payload: bytes) -> Letter:
    return Letter(record.partition, record.offset, unfit, sealed_payload)
