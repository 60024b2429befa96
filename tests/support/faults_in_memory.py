"""Errors in what dispatchers tell of their state in memory; see `faults`."""

from tests.support.checked_history import WrittenHistory
from tests.support.faults import fault


@fault(is_told=True)
def live_position(history: WrittenHistory) -> None:
    """An owner that was fenced out folds what came after, and takes it for its own."""
    fenced_out, owner = history.told
    owner["owner"], owner["epoch"] = fenced_out["owner"], fenced_out["epoch"]


@fault(is_told=True)
def live_state(history: WrittenHistory) -> None:
    contacts = history.told[-1]["contacts"]
    contacts.remove(next(each for each in contacts if each["contact_id"] == "waiting"))
