from typing import Any

import pytest

from seatline.facts.v1 import floor_pb2, session_pb2
from tests.checker.check import Report
from tests.checker.differing import DIFFERENCES_MAX
from tests.support.faults_in_snapshots import change_floor
from tests.unit.checker.snapped import Change, looked_at

CONTACT_CHANGES: dict[str, object] = {
    "seat_id": "S1-1",
    "centre_id": "C999",
    "allow_until_ms": 7,
    "map_version": 9,
    "policy_version": 9,
    "wait_until_ms": 7,
    "place": floor_pb2.PLACE_WRAP_UP,
    "attempt": 7,
    "session_id": "s9",
    "generation": 9,
    "nonce": b"other",
    "deadline_ms": 7,
    "dial_by_ms": 7,
    "offered_at_ms": 7,
    "confirmed_at_ms": 7,
}
SESSION_CHANGES: dict[str, object] = {
    "centre_id": "C999",
    "generation": 9,
    "boot_id": b"other",
    "nonce": b"other",
    "activity": session_pb2.ACTIVITY_WRAP_UP,
    "presence": floor_pb2.PRESENCE_SUSPECT,
    "draining": True,
    "bound": False,
}


def found_in_floor(change: Change) -> Report:
    return looked_at(lambda history: change_floor(history, change))


def named(things: Any, name: str) -> Any:
    """Find a contact by its id, or a session by what it does."""
    for thing in things:
        told = getattr(thing, "contact", None)
        if getattr(told, "contact_id", "") == name and hasattr(thing, "place"):
            return thing
    activity = session_pb2.Activity.Value(f"ACTIVITY_{name.upper()}")
    return next(thing for thing in things if thing.activity == activity)


@pytest.mark.parametrize(("field", "wrong"), CONTACT_CHANGES.items())
def test_a_contact_that_is_kept_otherwise_is_found(field: str, wrong: object) -> None:
    report = found_in_floor(lambda f: setattr(named(f.contacts, "on-call"), field, wrong))
    (found,) = report.findings.kept
    assert found.rule.name == "snapshot_state"
    assert (found.about.contact_id, found.about.release) == ("on-call", 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda floor: setattr(named(floor.contacts, "on-call").contact, "sealed", b""),
        lambda floor: named(floor.contacts, "on-call").order.__setitem__(0, -9),
        lambda floor: named(floor.contacts, "on-call").order.__setitem__(1, 9),
        lambda floor: named(floor.contacts, "on-call").ClearField("dial_by_ms"),
        lambda floor: floor.awaiting.add(contact_id="on-call", release=1, map_version=9),
        lambda floor: floor.contacts.remove(named(floor.contacts, "on-call")),
    ],
)
def test_a_contact_that_is_kept_in_part_is_found(change: Change) -> None:
    (found,) = found_in_floor(change).findings.kept
    assert (found.rule.name, found.about.contact_id) == ("snapshot_state", "on-call")


@pytest.mark.parametrize(("field", "wrong"), SESSION_CHANGES.items())
def test_a_session_that_is_kept_otherwise_is_found(field: str, wrong: object) -> None:
    report = found_in_floor(lambda f: setattr(named(f.sessions, "on_call"), field, wrong))
    (found,) = report.findings.kept
    assert found.rule.name == "snapshot_state"
    assert found.about.session_id


@pytest.mark.parametrize(
    "change",
    [
        lambda floor: named(floor.sessions, "on_call").languages.append("xx"),
        lambda floor: named(floor.sessions, "on_call").nonces.pop(),
        lambda floor: named(floor.sessions, "on_call").ClearField("contact"),
        lambda floor: setattr(named(floor.sessions, "on_call").pausing, "until_ms", 9),
        lambda floor: floor.sessions.add(session_id="nobody", activity=1, presence=1),
    ],
)
def test_a_session_that_is_kept_in_part_is_found(change: Change) -> None:
    (found,) = found_in_floor(change).findings.kept
    assert found.rule.name == "snapshot_state"
    assert found.about.session_id


@pytest.mark.parametrize(
    "change",
    [
        lambda floor: setattr(floor.rest, "map_version", 9),
        lambda floor: setattr(floor.rest.rules, "version", 9),
        lambda floor: setattr(floor.rest.rules, "max_wait_ms", 9),
        lambda floor: setattr(floor.rest.rules, "wrap_up_ms", 9),
        lambda floor: setattr(floor.rest.rules, "required", 9),
        lambda floor: floor.stops.add(scope=1),
        lambda floor: floor.withdrawn.pop(),
        lambda floor: floor.gateways.pop(),
    ],
)
def test_orders_and_gateways_that_are_kept_otherwise_are_found(change: Change) -> None:
    report = found_in_floor(change)
    assert report.findings.counts.keys() == {"snapshot_state"}
    assert not report.findings.kept[0].about.session_id


def test_a_snapshot_that_lost_its_floor_does_not_drown_everything_else() -> None:
    def lose(floor: Any) -> None:
        for number in range(DIFFERENCES_MAX + 9):
            floor.sessions.add(session_id=f"x{number}", activity=1, presence=1)

    assert found_in_floor(lose).findings.counts == {"snapshot_state": DIFFERENCES_MAX}
