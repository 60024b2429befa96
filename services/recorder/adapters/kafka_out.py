"""Withdrawals to the topic that router, dispatchers and gateways follow."""

from collections.abc import Iterator, Sequence
from functools import partial

from seatline.suppressions.v1 import suppressions_pb2
from services.recorder.domain.entries import BANK
from services.recorder.domain.rows import DueWithdrawal
from services.recorder.ports import Settled
from services.runtime.log_port import LogWriter, SendError, Sent

SUPPRESSIONS_TOPIC = "seatline.suppressions.v1"

_WHY = "disposition given in a call"


class KafkaWithdrawals:
    """Sends withdrawals; see `WithdrawalLog`."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._sent: Sequence[DueWithdrawal] = ()
        self._failed: set[DueWithdrawal] = set()
        self._unsettled = 0
        self._failure = ""

    def send(self, due: Sequence[DueWithdrawal]) -> None:
        """Hand them to the producer; see `WithdrawalLog.send`."""
        self._sent, self._failed, self._failure = due, set(), ""
        for withdrawal in due:
            for key, value in _records(withdrawal):
                done = partial(self._note, withdrawal)
                self._writer.send((SUPPRESSIONS_TOPIC, 0), value, done, key)
                # Behind it: what the producer did not take is never settled.
                self._unsettled += 1

    def settled(self) -> Settled | None:
        """Return what became of them; see `WithdrawalLog.settled`."""
        self._writer.serve()
        if self._unsettled:
            return None
        return Settled([each for each in self._sent if each not in self._failed], self._failure)

    def _note(self, withdrawal: DueWithdrawal, sent: Sent | SendError) -> None:
        self._unsettled -= 1
        if isinstance(sent, SendError):
            self._failed.add(withdrawal)
            self._failure = sent.reason


def _records(withdrawal: DueWithdrawal) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of each record that a withdrawal takes.

    One by person, as readers want it. One by contact when the fact named that: dispatchers keep
    such an opt-out under the contact until it comes back to them as an order.
    """
    kind = suppressions_pb2.WithdrawalKind.Value(f"WITHDRAWAL_KIND_{withdrawal.kind.upper()}")
    if withdrawal.contact_id is not None:
        by_contact = suppressions_pb2.Withdrawal(
            contact_id=withdrawal.contact_id, kind=kind, by=BANK, why=_WHY
        )
        yield withdrawal.contact_id.encode(), by_contact.SerializeToString()
    if withdrawal.person_key is not None:
        by_person = suppressions_pb2.Withdrawal(
            person_key=withdrawal.person_key, kind=kind, by=BANK, why=_WHY
        )
        yield withdrawal.person_key, by_person.SerializeToString()
