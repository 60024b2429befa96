import json
from collections.abc import Sequence
from typing import Any

import pytest
from typing_extensions import override

from services.dispatcher.adapters.floor_page import FloorPage, look
from services.dispatcher.domain.words import Activity, Place, Presence
from services.runtime.fenced_log.header import FencePoint
from services.runtime.fenced_log.question import Asker, NotToldError, Told
from tests.support.builders import (
    CENTRE,
    accept,
    contact,
    decline,
    hang_up,
    routed,
    stream_lost,
    unsealing,
)
from tests.unit.dispatcher.driven import DrivenFloor

CALLERS = ["s1", "s2", "s3", "s4", "s5"]
POINT = FencePoint(3, b"o" * 16, 9)


class Floor(DrivenFloor):
    """A floor with a contact in every place."""

    def fill(self) -> None:
        self.open(CALLERS)
        for name in ("wraps-up", "on-call", "confirmed", "offered"):
            self.decide(routed(name))
        for name in ("wraps-up", "on-call", "confirmed"):
            self.decide(accept(name, self.holder(name)))
        for name in ("wraps-up", "on-call"):
            self.decide(unsealing(name, self.holder(name)))
        self.decide(hang_up("wraps-up", self.holder("wraps-up")))
        self.decide(stream_lost("s5"))
        self.decide(routed("queued"))

    def holder(self, name: str) -> str:
        return self.core.floor.contacts[name, 1].session_id


@pytest.fixture
def floor() -> Floor:
    made = Floor()
    made.fill()
    return made


class Answering(Asker):
    """An asker whose loop has answered, or never will."""

    def __init__(self, *told: Told) -> None:
        self.told = told

    @override
    def ask(self) -> Sequence[Told]:
        if not self.told:
            raise NotToldError("ask again")
        return self.told


def page(*told: Told) -> tuple[int, dict[str, Any]]:
    status, kind, body = FloorPage("dispatcher-1", Answering(*told))()
    assert kind == "application/json"
    return status, json.loads(body)


def test_the_page_says_where_each_contact_and_session_stands(floor: Floor) -> None:
    status, said = page(Told(2, POINT, 40, look(floor.core)))
    assert (status, said["slot"]) == (200, "dispatcher-1")
    (part,) = said["partitions"]
    assert {name: part[name] for name in ("partition", "epoch", "owner", "seq", "next_offset")} == {
        "partition": 2,
        "epoch": 3,
        "owner": b"o".hex() * 16,
        "seq": 9,
        "next_offset": 40,
    }
    contacts = {each.pop("contact_id"): each for each in part["contacts"]}
    assert {name: each["place"] for name, each in contacts.items()} == {
        "wraps-up": "wrap_up",
        "on-call": "on_call",
        "confirmed": "confirmed",
        "offered": "offered",
        "queued": "queued",
    }
    assert contacts["on-call"] == {
        "release": 1,
        "place": "on_call",
        "attempt": 1,
        "session_id": floor.holder("on-call"),
    }
    assert contacts["queued"] == {"release": 1, "place": "queued", "attempt": 0, "session_id": ""}
    sessions = {each.pop("session_id"): each for each in part["sessions"]}
    assert sessions[floor.holder("confirmed")] == {
        "centre_id": CENTRE,
        "activity": "on_call",
        "presence": "present",
        "generation": 1,
        "holds": ["confirmed", 1],
    }
    assert (sessions["s5"]["activity"], sessions["s5"]["presence"]) == ("available", "suspect")


def test_every_place_activity_and_presence_has_its_own_word(floor: Floor) -> None:
    live = floor.core.floor.contacts["queued", 1]
    session = floor.core.floor.sessions["s5"]
    words = set()
    for place in Place:
        live.place = place
        words.add(look(floor.core)["contacts"][-1]["place"])
    for activity in Activity:
        session.activity = activity
        words.add(look(floor.core)["sessions"][-1]["activity"])
    for presence in Presence:
        session.presence = presence
        words.add(look(floor.core)["sessions"][-1]["presence"])
    names = [*Place, *Activity, *Presence]
    assert words == {name.name.lower() for name in names}


def test_nothing_on_the_page_identifies_a_person(floor: Floor) -> None:
    _, said = page(Told(0, POINT, 40, look(floor.core)))
    secret = contact("on-call")
    for kept in (secret.person_key, secret.sealed):
        for spelt in (kept.decode(), kept.hex()):
            assert spelt not in json.dumps(said)


def test_what_the_loop_copied_does_not_change_with_the_floor(floor: Floor) -> None:
    copied = look(floor.core)
    before = json.dumps(copied)
    floor.decide(decline("offered", floor.holder("offered")))
    assert json.dumps(copied) == before
    assert json.dumps(look(floor.core)) != before


def test_a_loop_that_does_not_answer_is_unavailable_and_says_what_to_do() -> None:
    assert page() == (503, {"ok": False, "error": "ask again"})
