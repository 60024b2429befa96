"""Audit: load positions, logs and rows at one vector of offsets, count, report."""

from collections.abc import Callable
from dataclasses import dataclass

from services.cli.domain.audit import Ledger, Report
from services.cli.domain.dead import INTAKE
from services.cli.domain.journal import Witness
from services.cli.ports.auditing import AuditLogs, Ends, Record, Vector


@dataclass(frozen=True, slots=True)
class Audited:
    """A report, and at which offsets it was made."""

    report: Report
    vector: Vector
    ends: Ends
    foreign_records: int


@dataclass(frozen=True, slots=True)
class AuditHandler:
    """Counts every contact at one vector of offsets (PROTOCOL, section 8)."""

    logs: AuditLogs
    record: Record
    progress: Callable[[str], None]

    async def __call__(self, witness: Witness | None = None) -> Audited:
        """Read the vector and all rows in one snapshot, and the ends of what enters after it.

        Args:
            witness: What a journal says, heard to its end.

        Raises:
            NotDoneError: The stack is away, or a log cannot be read.
        """
        ledger = Ledger(witness)
        async with self.record.snapshot() as snapshot:
            vector = await snapshot.vector()
            self.progress("reading rulings and facts")
            for accepted in self.logs.decided(vector):
                ledger.decided(accepted)
            self.progress("reading the record")
            async for row in snapshot.rows():
                ledger.recorded(row)
            async for contact_id, release in snapshot.conflicts():
                ledger.conflict(contact_id, release)
        ends = self.logs.ends()
        for foreign in ends.foreign:
            ledger.foreign.kept(foreign)
        self.progress("reading dead letters and contacts")
        for aside, fate in self.logs.dead(ends):
            if aside.topic == INTAKE:
                ledger.foreign.became_dead(aside.at.partition, aside.at.offset, fate)
            else:
                ledger.became_dead(aside, fate)
        for arrival in self.logs.arrived(ends):
            ledger.arrived(arrival)
        return Audited(ledger.report(), vector, ends, ledger.foreign.records())
