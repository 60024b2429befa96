"""An operator's hand on contacts and sessions of a whole stack, by the real commands."""

from collections.abc import Iterator
from typing import Any

import pytest

from seatline.commands.v1 import commands_pb2
from seatline.gateway.v1 import gateway_service_pb2 as wire
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import SendError, Sent
from tests.support.desk import Desk, desk_at
from tests.support.eventually import eventually
from tests.support.load import MAP, command, publish
from tests.support.sent_contacts import contact, send
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(280)

COMMANDS = "seatline.commands.v1"
SIGNED = ("--by", "Asha", "--why", "a drill")
SEAT, NOBODYS_SEAT = "S01-01", "S01-02"
ACKNOWLEDGED_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with whole_stack(tmp_path_factory.mktemp("hand")) as running:
        publish(running)
        yield running


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[Desk]:
    with desk_at(stack) as open_desk:
        yield open_desk


@pytest.fixture(scope="module")
def homes() -> dict[str, tuple[str, int]]:
    """Centre and partition of each seat."""
    rows = [line.split(",") for line in MAP.read_text().splitlines()]
    names = rows[0]
    at = [names.index(name) for name in ("seat_id", "centre_id", "partition")]
    return {row[at[0]]: (row[at[1]], int(row[at[2]])) for row in rows[1:]}


class Hand:
    """Sessions at one centre, each brought into a state by the desk alone."""

    def __init__(self, stack: Stack, desk: Desk, homes: dict[str, tuple[str, int]]) -> None:
        self.stack, self.desk = stack, desk
        self.centre_id, self.partition = homes[SEAT]

    def order(self, *tokens: str) -> tuple[int, dict[str, Any]]:
        return command(self.stack, *tokens, *SIGNED)

    def send(self, contact_id: str, seat_id: str = SEAT) -> None:
        send(self.stack, [contact(self.stack, contact_id, seat_id=seat_id, language="")])

    def place_of(self, contact_id: str) -> str:
        return str(command(self.stack, "explain", contact_id)[1]["place"])

    def offered(self, session_id: str, contact_id: str) -> Any:
        self.desk.sit(session_id, self.centre_id)
        self.send(contact_id)
        attempt = self.desk.hear(session_id, "offer").attempt
        assert attempt.contact_id == contact_id
        return attempt

    def on_call(self, session_id: str, contact_id: str) -> Any:
        attempt = self.offered(session_id, contact_id)
        self.desk.accept(session_id, attempt)
        return attempt

    def wrapping_up(self, session_id: str, contact_id: str) -> Any:
        attempt = self.on_call(session_id, contact_id)
        self.desk.say(session_id, hang_up=wire.HangUpWish(attempt=attempt))
        self.desk.hear(session_id, "activity", 2)
        return attempt

    def accept_unseen(self, session_id: str, attempt: Any) -> None:
        """Accept as the gateway would, which is paused: nobody shows the number."""
        accept = commands_pb2.AcceptOffer(session_id=session_id, generation=1, attempt=attempt)
        record = commands_pb2.CommandRecord(commands=[commands_pb2.Command(accept_offer=accept)])
        writer = KafkaLogWriter(self.stack.endpoints["kafka"], "test-hand")
        settled: list[Sent | SendError] = []
        writer.send((COMMANDS, self.partition), record.SerializeToString(), settled.append, b"s")
        assert writer.flush(ACKNOWLEDGED_WITHIN_S) == 0
        assert isinstance(settled[0], Sent)


@pytest.fixture(scope="module")
def hand(stack: Stack, desk: Desk, homes: dict[str, tuple[str, int]]) -> Hand:
    return Hand(stack, desk, homes)


# --- release --------------------------------------------------------------------------------------


def test_a_contact_that_waits_is_handed_back_and_once_there_stays(hand: Hand) -> None:
    hand.send("waits", NOBODYS_SEAT)
    eventually(lambda: hand.place_of("waits") == "queued", what="it waits")
    code, said = hand.order("release", "waits", "--dry-run")
    assert (code, said["place"], said["answered"]) == (0, "queued", False)
    code, said = hand.order("release", "waits")
    assert (code, said["changed"], said["result"]) == (0, True, "returned")
    assert hand.place_of("waits") == "returned"
    code, said = hand.order("release", "waits")
    assert (code, said["changed"], said["place"]) == (0, False, "returned")


def test_a_contact_that_is_offered_is_taken_from_its_caller_and_handed_back(hand: Hand) -> None:
    hand.offered("s-offer", "offered")
    code, said = hand.order("release", "offered")
    assert (code, said["place"], said["result"]) == (0, "offered", "returned")
    assert hand.desk.hear("s-offer", "offer_gone").reason == "by_hand"
    _, told = command(hand.stack, "explain", "offered")
    assert told["place"] == "returned"
    assert told["story"][-1]["text"].endswith("by_hand; ordered by Asha: a drill")
    assert hand.order("end-session", "s-offer")[0] == 0


def test_a_contact_that_a_caller_has_stays_and_the_way_out_is_named(hand: Hand) -> None:
    hand.on_call("s-call", "on-call")
    code, said = hand.order("release", "on-call")
    assert code == 2
    assert "is on call with session s-call" in said["error"]
    assert "`seatline end-session s-call --interrupt`" in said["error"]
    code, said = hand.order("end-session", "s-call", "--interrupt")
    assert (code, said["result"]) == (0, "ended")
    assert hand.desk.hear("s-call", "call_over").reason == "interrupted"
    hand.desk.hear("s-call", "signed_out")
    code, said = hand.order("release", "on-call")
    assert code == 2
    assert "it is ended" in said["error"]


def test_a_contact_whose_number_may_be_shown_any_moment_stays(hand: Hand) -> None:
    attempt = hand.offered("s-confirmed", "confirmed")
    hand.stack.pause("gateway-0")
    try:
        hand.accept_unseen("s-confirmed", attempt)
        eventually(lambda: hand.place_of("confirmed") == "confirmed", what="it is confirmed")
        code, said = hand.order("release", "confirmed")
        draining = hand.order("end-session", "s-confirmed", "--interrupt")
    finally:
        hand.stack.resume("gateway-0")
    assert code == 2
    assert "is confirmed with session s-confirmed" in said["error"]
    assert (draining[0], draining[1]["result"]) == (0, "draining")


def test_a_contact_that_nobody_knows_is_not_handed_back(hand: Hand) -> None:
    code, said = hand.order("release", "nobody")
    assert code == 2
    assert said["error"].startswith("CONTACT: nobody does not wait at a centre")


# --- end-session ----------------------------------------------------------------------------------


def test_a_session_that_is_ready_or_on_a_break_is_signed_out_at_once(hand: Hand) -> None:
    for session_id in ("s-ready", "s-break"):
        hand.desk.sit(session_id, hand.centre_id)
    hand.desk.say("s-break", pause=wire.PauseWish(reason="lunch"))
    hand.desk.hear("s-break", "activity")
    for session_id, activity in (("s-ready", "available"), ("s-break", "paused")):
        code, said = hand.order("end-session", session_id)
        assert (code, said["activity"], said["result"]) == (0, activity, "ended")
        hand.desk.hear(session_id, "signed_out")
        code, said = hand.order("end-session", session_id)
        assert (code, said["changed"], said["activity"]) == (0, False, "offline")


def test_a_session_with_an_offer_is_signed_out_and_its_contact_waits_on(hand: Hand) -> None:
    hand.offered("s-ringing", "rings")
    code, said = hand.order("end-session", "s-ringing")
    assert (code, said["activity"], said["result"]) == (0, "offered", "ended")
    assert hand.desk.hear("s-ringing", "offer_gone").reason == "session_left"
    assert hand.place_of("rings") == "queued"
    assert hand.order("release", "rings")[1]["result"] == "returned"


def test_a_session_on_a_call_leaves_after_it(hand: Hand) -> None:
    attempt = hand.on_call("s-talks", "talks")
    code, said = hand.order("end-session", "s-talks")
    assert (code, said["activity"], said["result"]) == (0, "on_call", "draining")
    outcome = wire.OutcomeWish(attempt=attempt, disposition=commands_pb2.DISPOSITION_REACHED)
    hand.desk.say("s-talks", outcome=outcome)
    hand.desk.hear("s-talks", "saved")
    hand.desk.hear("s-talks", "signed_out")


def test_a_wrap_up_is_ended_without_a_disposition_when_it_is_to_be_interrupted(hand: Hand) -> None:
    hand.wrapping_up("s-notes", "notes")
    code, said = hand.order("end-session", "s-notes", "--interrupt")
    assert (code, said["activity"], said["result"]) == (0, "wrap_up", "ended")
    assert hand.desk.hear("s-notes", "call_over").reason == "not_given"
    hand.desk.hear("s-notes", "signed_out")


def test_a_session_that_never_signed_in_is_not_ended(hand: Hand) -> None:
    code, said = hand.order("end-session", "nobody")
    assert code == 2
    assert said["error"] == "SESSION: nobody was never signed in here"


# --- journal --------------------------------------------------------------------------------------


def test_the_journal_lists_each_order_once_with_who_and_why_whether_recorded_or_not(
    hand: Hand,
) -> None:
    pid = hand.stack.pause("recorder-0")
    try:
        hand.desk.sit("s-last", hand.centre_id)
        assert hand.order("end-session", "s-last")[0] == 0
        code, said = hand.order("stop", "--seat", NOBODYS_SEAT)
        assert (code, said["applied"]) == (0, list(range(said["partitions"])))
        code, told = command(hand.stack, "journal")
    finally:
        assert hand.stack.resume("recorder-0") == pid
    assert code == 0
    assert [order["recorded"] for order in told["orders"][-2:]] == [False, False]
    assert_listed(told["orders"])
    eventually(lambda: all_recorded(hand), what="all is recorded")
    assert_listed(command(hand.stack, "journal")[1]["orders"])
    newest = command(hand.stack, "journal", "--limit", "1", "--since", "10m")[1]["orders"]
    assert [(order["action"], order["subject"]) for order in newest] == [
        ("stop", f"seat {NOBODYS_SEAT}")
    ]


def all_recorded(hand: Hand) -> bool:
    orders = command(hand.stack, "journal")[1]["orders"]
    return all(order["recorded"] for order in orders)


def assert_listed(orders: list[dict[str, Any]]) -> None:
    told = [(order["action"], order["subject"], order["result"]) for order in orders]
    by_hand = [order for order in orders if order["action"] not in ("map", "policy")]
    assert {(order["by"], order["why"]) for order in by_hand} == {("Asha", "a drill")}
    assert len(set(told)) == len(told), "one is listed twice"
    for expected in (
        ("map", "version 1", "in 2 of 2 partitions"),
        ("release", "waits", "returned"),
        ("release", "offered", "returned"),
        ("end-session", "s-call", "ended"),
        ("end-session", "s-confirmed", "draining"),
        ("end-session", "s-talks", "draining"),
        ("end-session", "s-last", "ended"),
        ("stop", f"seat {NOBODYS_SEAT}", "in 2 of 2 partitions"),
    ):
        assert expected in told, (expected, told)


def test_an_emergency_stop_is_not_held_up_by_a_postgres_that_hangs(hand: Hand) -> None:
    hand.stack.pause("postgres")
    try:
        code, said = hand.order("stop", "--all")
        listed = command(hand.stack, "stop", "--list")
    finally:
        hand.stack.resume("postgres")
    assert (code, said["changed"], said["applied"]) == (0, True, list(range(said["partitions"])))
    assert [(stop["scope"], stop["applied"]) for stop in listed[1]["stops"]] == [
        ("seat", None),
        ("all", None),
    ]
    code, said = hand.order("resume", "--all")
    assert (code, [stop["scope"] for stop in said["stops"]]) == (0, ["seat"])


def test_nothing_was_lost_by_hand(hand: Hand) -> None:
    code, report = command(hand.stack, "audit", "--deep")
    assert (code, report["lost"], report["deep"]["findings"]) == (0, 0, [])
