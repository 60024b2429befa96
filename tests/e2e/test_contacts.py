import csv
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Message, Producer

from seatline.commands.v1 import commands_pb2
from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.rulings.v1 import rulings_pb2
from services.runtime.errors import PromiseBrokenError
from services.runtime.kafka_log import KafkaLogWriter
from services.runtime.log_port import Sent
from services.stack.layout import REPOSITORY
from tests.support.eventually import eventually
from tests.support.load import (
    CONTACTS,
    MAP,
    RULINGS,
    command,
    fetch,
    now_ms,
    owned_by,
    publish,
    read_all,
    read_log,
)
from tests.support.sent_contacts import contact, send
from tests.support.stack import Stack, whole_stack

pytestmark = pytest.mark.timeout(300)

COMMANDS = "seatline.commands.v1"
INTAKE = "seatline.intake.v1"
DEAD = "seatline.dead.v1"
MEGABYTE = 1_000_000
ROUTERS = ("router-0", "router-1")
SEAT, OTHER_SEAT = "S01-01", "S01-02"
"""Of the same state, at different centres."""

Rulings = Mapping[str, Sequence[rulings_pb2.Ruling]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("contacts")
    with whole_stack(folder, slots={"router": len(ROUTERS)}) as running:
        publish(running)
        yield running


def rulings_on(stack: Stack, contacts: Sequence[contacts_pb2.Contact], each: int = 1) -> Rulings:
    """Wait until each contact was ruled on so often, and give the rulings by contact."""
    wanted = {one.contact_id for one in contacts}

    def ruled() -> Rulings:
        found: dict[str, list[rulings_pb2.Ruling]] = defaultdict(list)
        for records in read_log(stack, RULINGS).values():
            for ruling in (ruling for record in records for ruling in record.entries):
                if ruling.contact.contact_id in wanted:
                    found[ruling.contact.contact_id].append(ruling)
        enough = len(found) == len(wanted) and all(len(made) >= each for made in found.values())
        return found if enough else {}

    return eventually(ruled, within_s=60, what="every contact is ruled on")


def state_of(stack: Stack, contact_id: str) -> tuple[str, str | None]:
    """Wait until a contact is recorded, and give its place and the reason."""
    query = "SELECT place, reason FROM seatline.contact_state WHERE contact_id = $1"
    (row,) = eventually(lambda: fetch(stack, query, contact_id), what=f"{contact_id} is recorded")
    return row["place"], row["reason"]


def explained(stack: Stack, contact_id: str) -> list[tuple[str, str]]:
    code, told = command(stack, "explain", contact_id)
    assert code == 0
    return [(entry["kind"], entry["text"]) for entry in told["story"]]


def centre_of(seat_id: str, seat_map: Path = MAP) -> str:
    with seat_map.open() as file:
        return next(row["centre_id"] for row in csv.DictReader(file) if row["seat_id"] == seat_id)


def seat_of_segment(segment_id: str) -> str:
    with (REPOSITORY / "data" / "segments.csv").open() as file:
        rows = csv.DictReader(file)
        return next(row["seat_id"] for row in rows if row["segment_id"] == segment_id)


def map_with_two_seats_swapped(source: Path, target: Path) -> Path:
    """Write a map in which the two seats have each other's centre."""
    with source.open() as file:
        rows = {row["seat_id"]: row for row in csv.DictReader(file)}
    one, other = dict(rows[SEAT]), dict(rows[OTHER_SEAT])
    rows[SEAT], rows[OTHER_SEAT] = {**other, "seat_id": SEAT}, {**one, "seat_id": OTHER_SEAT}
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(one))
        writer.writeheader()
        writer.writerows(rows.values())
    return target


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"seat_id": "S99-99"}, "unknown_seat"),
        ({"segment_id": "S99-AC001"}, "unknown_segment"),
        ({"seat_id": SEAT, "segment_id": "S24-AC171"}, "seat_mismatch"),
        ({"seat_id": ""}, "invalid_field"),
    ],
)
def test_a_contact_of_no_known_place_is_refused_and_explained(
    stack: Stack, fields: dict[str, str], reason: str
) -> None:
    one = contact(stack, f"placeless-{reason}", **fields)
    send(stack, [one])

    ((ruling,),) = rulings_on(stack, [one]).values()
    assert ruling.WhichOneof("outcome") == "refused"
    assert not ruling.contact.sealed
    assert state_of(stack, one.contact_id) == ("refused", reason)
    assert any(
        kind == "refused" and reason in text for kind, text in explained(stack, one.contact_id)
    )


def test_a_contact_with_a_segment_only_goes_to_the_centre_of_its_seat(stack: Stack) -> None:
    one = contact(stack, "segment-only", segment_id="S24-AC171")
    send(stack, [one])

    ((ruling,),) = rulings_on(stack, [one]).values()
    seat_id = seat_of_segment("S24-AC171")
    assert (ruling.seat_id, ruling.routed.centre_id) == (seat_id, centre_of(seat_id))
    eventually(lambda: state_of(stack, "segment-only") == ("queued", None))


def test_a_field_of_a_megabyte_is_refused_at_the_door_and_dead_behind_it(stack: Stack) -> None:
    kafka = stack.endpoints["kafka"]
    huge = contact(stack, "huge", seat_id=SEAT, campaign="x" * MEGABYTE)
    value = contacts_pb2.ContactRecord(contacts=[huge]).SerializeToString()
    settled: list[object] = []
    writer = KafkaLogWriter(kafka, "test")
    with pytest.raises(PromiseBrokenError, match="too large"):
        writer.send((CONTACTS, 0), value, settled.append)
    fit = contacts_pb2.ContactRecord(contacts=[contact(stack, "fit", seat_id=SEAT)])
    writer.send((CONTACTS, 0), fit.SerializeToString(), settled.append)
    assert writer.flush(20) == 0
    assert isinstance(settled[0], Sent), "the producer is spoiled"

    # A foreign producer may have raised its own limit: up to the broker's it comes through.
    foreign = json.dumps(
        {"contact_id": "huge", "seat_id": SEAT, "phone": "+91 10000 00001", "name": "x" * MEGABYTE}
    )
    producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 2 * MEGABYTE})
    places: list[tuple[int, int]] = []

    def note(error: KafkaError | None, message: Message) -> None:
        assert error is None
        places.append((message.partition() or 0, message.offset() or 0))

    producer.produce(INTAKE, foreign.encode(), partition=0, on_delivery=note)
    assert producer.flush(20) == 0
    letter = eventually(lambda: letter_about(stack, places[0]), within_s=60, what="a dead letter")
    assert letter.reason == dead_pb2.DEAD_REASON_TOO_LARGE
    assert letter.sealed_payload == b""


def letter_about(stack: Stack, place: tuple[int, int]) -> dead_pb2.DeadLetter | None:
    letters = (dead_pb2.DeadLetter.FromString(m.value() or b"") for m in read_all(stack, DEAD))
    return next((one for one in letters if (one.partition, one.offset) == place), None)


def test_an_opt_out_that_one_partition_heard_bars_the_person_everywhere(stack: Stack) -> None:
    one = contact(stack, "opting-out", seat_id=SEAT)
    other = contact(stack, "same-person", seat_id=OTHER_SEAT, person_key=one.person_key)
    send(stack, [one, other])
    homes = {made[0].routed.partition for made in rulings_on(stack, [one, other]).values()}
    eventually(lambda: state_of(stack, "same-person") == ("queued", None))

    # A late word, from a caller who sits in another partition by now.
    elsewhere = next(n for n in range(stack.endpoints["partitions"]) if n not in homes)
    about = commands_pb2.Attempt(contact_id="opting-out", release=1, attempt=1)
    word = commands_pb2.Command()
    word.give_outcome.session_id = "moved"
    word.give_outcome.attempt.CopyFrom(about)
    word.give_outcome.disposition = commands_pb2.DISPOSITION_OPT_OUT
    writer = KafkaLogWriter(stack.endpoints["kafka"], "test")
    record = commands_pb2.CommandRecord(commands=[word]).SerializeToString()
    writer.send((COMMANDS, elsewhere), record, lambda _: None)
    assert writer.flush(20) == 0

    withdrawn = ("ended", "withdrawn")
    for contact_id in ("opting-out", "same-person"):
        eventually(lambda i=contact_id: state_of(stack, i) == withdrawn)

    # A router hears of it a moment later or sooner than the dispatchers, which bar the person too.
    refused, numbers = ("refused", "opted_out"), itertools.count()

    def is_refused_at_the_door() -> bool:
        again = f"asked-again-{next(numbers)}"
        send(stack, [contact(stack, again, seat_id=OTHER_SEAT, person_key=one.person_key)])
        barred = eventually(
            lambda: {state_of(stack, again)} & {refused, withdrawn}, what=f"{again} is barred"
        )
        return refused in barred

    eventually(is_refused_at_the_door)


def outcomes(rulings: Sequence[rulings_pb2.Ruling]) -> list[str]:
    return [str(ruling.WhichOneof("outcome")) for ruling in rulings]


def assert_repeats_were_refused(repeats: Sequence[rulings_pb2.Ruling]) -> None:
    assert set(outcomes(repeats)) <= {"refused"}
    assert {one.refused.reason for one in repeats} <= {rulings_pb2.REFUSED_REASON_DUPLICATE}


def test_a_repeat_is_refused_a_second_later_and_under_the_next_map(
    stack: Stack, tmp_path: Path
) -> None:
    one = contact(stack, "repeated", seat_id=SEAT)
    send(stack, [one])
    rulings_on(stack, [one])
    a_second_later = time.monotonic() + 1
    eventually(lambda: time.monotonic() > a_second_later)
    send(stack, [one])
    rulings_on(stack, [one], each=2)
    version = publish(stack, map_with_two_seats_swapped(MAP, tmp_path / "swapped.csv"))
    send(stack, [one])

    (first, *repeats) = rulings_on(stack, [one], each=3)["repeated"]
    assert first.routed.centre_id == centre_of(SEAT)
    assert_repeats_were_refused(repeats)
    assert [ruling.map_version for ruling in (first, *repeats)] == [version - 1] * 2 + [version]
    kinds = [kind for kind, _ in explained(stack, "repeated")]
    assert [kinds.count(kind) for kind in ("arrived", "routed", "refused")] == [3, 1, 2]
    place, _ = state_of(stack, "repeated")
    assert place != "refused", "a repeat touched the contact itself"
    publish(stack, MAP)


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "paused"])
def test_a_ruling_stays_final_when_its_router_falls_and_the_map_changes_meanwhile(
    stack: Stack, tmp_path: Path, is_killed: bool
) -> None:
    swapped = map_with_two_seats_swapped(MAP, tmp_path / "swapped.csv")
    name = "killed" if is_killed else "paused"
    early, flying, late = (
        [contact(stack, f"{name}-{part}-{n}", seat_id=SEAT) for n in range(count)]
        for part, count in (("early", 40), ("flying", 2_000), ("late", 40))
    )
    send(stack, early)
    rulings_on(stack, early)
    victim = max(ROUTERS, key=lambda slot: len(owned_by(read_log(stack, RULINGS), slot, now_ms())))
    send(stack, flying)
    pid = stack.pause(victim)
    publish(stack, swapped)
    send(stack, [*late, *early])
    if is_killed:
        stack.kill(victim)
        eventually(lambda: stack.endpoints["pids"].get(victim, pid) != pid)
    rulings_on(stack, [*flying, *late])
    stack.resume(victim)

    twice = rulings_on(stack, early, each=2)
    once = rulings_on(stack, [*flying, *late])
    assert {len(made) for made in once.values()} == {1}
    assert {outcome for made in once.values() for outcome in outcomes(made)} == {"routed"}
    assert {made[0].routed.centre_id for made in twice.values()} == {centre_of(SEAT)}
    for made in twice.values():
        assert_repeats_were_refused(made[1:])
    centres = {one.contact_id: once[one.contact_id][0].routed.centre_id for one in late}
    assert set(centres.values()) == {centre_of(SEAT, swapped)}
    publish(stack, MAP)
    code, report = command(stack, "audit")
    assert (code, report["lost"], report["doubled"]) == (0, 0, 0), report["strays"]
