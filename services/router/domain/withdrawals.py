"""Who must not be called: persons that opted out or were erased, contacts that were recalled.

Like `dedupe.Seen`, this grows in place, one record at a time: a copy per record would cost more
than the record. Applying a record twice changes nothing.
"""

import enum
from dataclasses import dataclass, field

from services.router.domain.contact import ContactId, PersonKey


class WithdrawalKind(enum.Enum):
    """Why a person or contact is withdrawn."""

    OPT_OUT = "opt_out"
    RECALL = "recall"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An order by person key, or by contact id; the other one is empty.

    By contact: a recall, and an opt-out from a call whose person was not known there.
    """

    kind: WithdrawalKind
    person_key: PersonKey
    contact_id: ContactId


@dataclass(slots=True)
class Suppressions:
    """All withdrawals read so far."""

    opted_out: set[PersonKey] = field(default_factory=set)
    opted_out_contacts: set[ContactId] = field(default_factory=set)
    erased: set[PersonKey] = field(default_factory=set)
    recalled: set[ContactId] = field(default_factory=set)
    recalled_persons: set[PersonKey] = field(default_factory=set)

    def apply(self, withdrawal: Withdrawal) -> None:
        """Take one withdrawal into account, for good."""
        match withdrawal.kind:
            case WithdrawalKind.OPT_OUT:
                if withdrawal.contact_id:
                    self.opted_out_contacts.add(withdrawal.contact_id)
                else:
                    self.opted_out.add(withdrawal.person_key)
            case WithdrawalKind.ERASE:
                self.erased.add(withdrawal.person_key)
            case WithdrawalKind.RECALL:
                if withdrawal.contact_id:
                    self.recalled.add(withdrawal.contact_id)
                else:
                    self.recalled_persons.add(withdrawal.person_key)
