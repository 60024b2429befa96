"""Entries of the bare path are as long as those of the demo; its ids and names vary a little."""

from random import Random

import pytest
from google.protobuf.message import Message

from bench.bare_path.wire import SIZES, Logs, Step
from seatline.commands.v1 import commands_pb2 as commands
from seatline.contacts.v1 import contacts_pb2
from seatline.facts.v1 import facts_pb2
from seatline.gateway.v1 import gateway_service_pb2 as gateway
from seatline.rulings.v1 import rulings_pb2
from services.dispatcher.adapters.codec import DispatcherCodec
from services.dispatcher.domain import facts
from services.dispatcher.domain.words import Disposition, EndReason
from services.gateway.adapters.news import NEWS, number
from services.gateway.domain import values
from services.runtime.fenced_log.header import FencePoint, Header, Position, to_proto
from services.runtime.sealing import Sealer
from services.simulator.adapters.clock import SystemTicks
from services.simulator.adapters.codec import to_event
from services.simulator.adapters.mint import Run, WireMint
from services.simulator.domain import calls, wishes
from services.simulator.domain.arrivals import Arrival, Part

RUN = "sim1-692c1a2b"
NOW_MS = 1_764_500_000_123
SEAT, CENTRE, CAMPAIGN = "S11-05", "C123", "rehearsal"
SESSION, NONCE, OWNER = f"{RUN}-s01234", b"nonce-of", b"bench-owner-of-1"
POINT = FencePoint(1, OWNER, 123_456)
LENGTH_BYTES = 2
"""Tag and length of an entry in its record or frame; one more from 128 bytes on."""

mint = WireMint(Run(RUN, 12_345_678, 8), Sealer(bytes(32)), Random(1).random, SystemTicks())
minted = mint.mint(Arrival(20_123, 0.0, SEAT, "", 5, foreign=False, part=Part.MEASURED))
contact = contacts_pb2.Contact.FromString(minted.value)
sealed, person_key = contact.sealed, contact.person_key
attempt = facts.Attempt(minted.contact_id, 1, 1)
wanted = facts.Contact(minted.contact_id, 1, person_key, "", 5, CAMPAIGN, sealed)

QUEUED = facts.Queued(wanted, SEAT, CENTRE, NOW_MS, 1, 1)
OFFERED = facts.Offered(
    *(attempt, SESSION, 1, NONCE, NOW_MS, SEAT, "", CAMPAIGN, 5, 1, 1),
)
CONFIRMED = facts.Confirmed(
    *(attempt, SESSION, 1, NONCE, NOW_MS, sealed, person_key, SEAT, CENTRE, CAMPAIGN)
)
DIAL_STARTED = facts.DialStarted(attempt, SESSION, NONCE)
CALL_ENDED = facts.CallEnded(attempt, SESSION, NONCE, NOW_MS)
ENDED = facts.Ended(
    *(attempt, SESSION, NONCE, EndReason.OUTCOME, Disposition.REACHED, NOW_MS, True),
    *(SEAT, CENTRE, NOW_MS, NOW_MS, 12_000),
)


def ruling() -> Message:
    message = rulings_pb2.Ruling(contact=contact, seat_id=SEAT, map_version=1, policy_version=1)
    message.routed.centre_id, message.routed.partition = CENTRE, 5
    message.routed.allow_until.FromMilliseconds(NOW_MS)
    return message


def of_fact(fact: facts.Fact) -> facts_pb2.Fact:
    return facts_pb2.FactRecord.FromString(
        DispatcherCodec(8).record(Header(POINT, 0), [fact])
    ).facts[0]


def news_of(fact: facts.Fact) -> Message:
    message = of_fact(fact)
    kind = str(message.WhichOneof("kind"))
    told = NEWS[kind](getattr(message, kind))
    assert told is not None
    return told


def shown_number() -> Message:
    confirmed = values.Confirmed(
        partition=5,
        attempt=values.Attempt(*attempt_of()),
        session_id=values.SessionId(SESSION),
        generation=1,
        nonce=values.Nonce(NONCE),
        dial_by_ms=NOW_MS,
        sealed=sealed,
        person_key=person_key,
        seat_id=SEAT,
        centre_id=CENTRE,
        campaign=CAMPAIGN,
    )
    return number(confirmed, values.Person("+911012345678", "Badan Kefel"))


def attempt_of() -> tuple[str, int, int]:
    return (attempt.contact_id, attempt.release, attempt.attempt)


def command(kind: str, **more: object) -> Message:
    named = dict(zip(("contact_id", "release", "attempt"), attempt_of(), strict=True))
    message = commands.Command()
    nested = getattr(message, kind)
    nested.session_id = SESSION
    for name, value in named.items():
        setattr(nested.attempt, name, value)
    for name, value in more.items():
        setattr(nested, name, value)
    return message


def outcome() -> Message:
    message = command("give_outcome", disposition=1, nonce=NONCE)
    assert isinstance(message, commands.Command)
    message.give_outcome.talk.FromMilliseconds(12_345)
    return message


def wish(kind: str) -> gateway.ClientEvent:
    named = calls.Attempt(*attempt_of())
    made: dict[str, wishes.Wish] = {
        "accept": wishes.Accept(named),
        "hang_up": wishes.HangUp(named),
        "outcome": wishes.GiveOutcome(named, calls.Disposition.REACHED, 12_345.0),
    }
    return to_event(SESSION, made[kind])


OURS = {
    Step.CONTACT: contact,
    Step.RULING: ruling(),
    Step.QUEUED: of_fact(QUEUED),
    Step.OFFERED: of_fact(OFFERED),
    Step.SHOWN_OFFER: news_of(OFFERED),
    Step.WISH_ACCEPT: wish("accept"),
    Step.ACCEPT: command("accept_offer", generation=1),
    Step.CONFIRMED: of_fact(CONFIRMED),
    Step.UNSEALING: command("unsealing", generation=1),
    Step.SHOWN_NUMBER: shown_number(),
    Step.DIAL_STARTED: of_fact(DIAL_STARTED),
    Step.SHOWN_ON_CALL: news_of(DIAL_STARTED),
    Step.WISH_HANG_UP: wish("hang_up"),
    Step.HANG_UP: command("hang_up", generation=1),
    Step.CALL_ENDED: of_fact(CALL_ENDED),
    Step.SHOWN_WRAP_UP: news_of(CALL_ENDED),
    Step.WISH_OUTCOME: wish("outcome"),
    Step.OUTCOME: outcome(),
    Step.ENDED: of_fact(ENDED),
    Step.SHOWN_SAVED: news_of(ENDED),
}


def with_length(message: Message) -> int:
    size = message.ByteSize()
    return LENGTH_BYTES + (size > 127) + size


@pytest.mark.parametrize("step", Step, ids=lambda step: step.name.lower())
def test_an_entry_is_as_long_as_ours(step: Step) -> None:
    assert SIZES[step] == pytest.approx(with_length(OURS[step]), abs=4)


def test_the_head_of_a_record_is_as_long_as_ours() -> None:
    logs = Logs.of("x")
    of_commands = ("seatline.commands.v1", 5, Position(123_456))
    of_rulings = ("seatline.rulings.v1", 3, Position(65_432, 0, FencePoint(1, OWNER, 65_432)))
    of_contacts = ("seatline.contacts.v1", 5, Position(123_456))
    facts_head = to_proto(Header(POINT, NOW_MS, (of_commands, of_rulings)))
    rulings_head = to_proto(Header(POINT, NOW_MS, (of_contacts,)))
    boot_id = commands.CommandRecord(boot_id=bytes(16))
    assert logs.facts.header == pytest.approx(with_length(facts_head), abs=4)
    assert logs.rulings.header == pytest.approx(with_length(rulings_head), abs=4)
    assert logs.commands.header == boot_id.ByteSize()
