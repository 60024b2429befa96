import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatline.contacts.v1 import contacts_pb2
from seatline.dead.v1 import dead_pb2
from seatline.intake.v1 import intake_pb2
from services.intake.adapters.codec import CONTACTS_TOPIC, DEAD_TOPIC, INTAKE_TOPIC, payload_context
from services.runtime.partitioning import partition_of
from services.runtime.sealing import Sealer
from services.stack.plan import KAFKA
from tests.integration.intake_process import (
    KEY,
    PARTITIONS,
    contact_json,
    eventually,
    free_port,
    intake,
    produce,
    read_all,
)
from tests.support.stack import Wish, whole_stack

HALF_DAY_MS = 43_200_000


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # A broker of its own: intake reads and writes topics whose names are fixed.
    wish = Wish(partitions=PARTITIONS)
    with whole_stack(tmp_path_factory.mktemp("intake"), wish=wish, only=(KAFKA,)) as stack:
        yield stack.endpoints["kafka"]


def contacts_by_source(kafka: str) -> dict[tuple[int, int], list[contacts_pb2.Contact]]:
    found: dict[tuple[int, int], list[contacts_pb2.Contact]] = {}
    for message in read_all(kafka, CONTACTS_TOPIC):
        for contact in contacts_pb2.ContactRecord.FromString(message.value() or b"").contacts:
            assert message.partition() == partition_of(contact.contact_id.encode(), PARTITIONS)
            place = (contact.source.partition, contact.source.offset)
            found.setdefault(place, []).append(contact)
    return found


def letters_by_source(kafka: str) -> dict[tuple[int, int], dead_pb2.DeadLetter]:
    letters = [
        dead_pb2.DeadLetter.FromString(message.value() or b"")
        for message in read_all(kafka, DEAD_TOPIC)
    ]
    return {(each.partition, each.offset): each for each in letters}


def test_json_and_protobuf_become_contacts_and_the_rest_dead_letters(
    kafka: str, tmp_path: Path
) -> None:
    foreign = intake_pb2.ForeignContact(
        contact_id="wire-1", segment_id="S24-AC171", phone="+1 202-555-0123", priority=9
    )
    good = [contact_json("json-1"), foreign.SerializeToString()]
    bad = {
        b"\xff\xfe rubbish": dead_pb2.DEAD_REASON_UNREADABLE,
        contact_json("no-phone", phone=""): dead_pb2.DEAD_REASON_MISSING_FIELD,
        contact_json("deep", name={"first": "Asha"}): dead_pb2.DEAD_REASON_INVALID_FIELD,
        contact_json("odd-phone", phone="not a number"): dead_pb2.DEAD_REASON_INVALID_PHONE,
        contact_json("huge", name="x" * 900_000): dead_pb2.DEAD_REASON_TOO_LARGE,
    }
    records = [(index % PARTITIONS, value) for index, value in enumerate([*good, *bad])]
    with intake(kafka, tmp_path / "state") as process:
        eventually(process.is_ready, within_s=60)
        places = produce(kafka, INTAKE_TOPIC, records)
        eventually(lambda: process.metric('seatline_intake_records_total{result="contact"}') == 2)
        eventually(lambda: process.metric("seatline_intake_age_seconds_count") == len(records))
        assert process.stop() == 0
        logged = process.log.read_text()

    contacts, letters = contacts_by_source(kafka), letters_by_source(kafka)
    (from_json,) = contacts[places[0]]
    (from_wire,) = contacts[places[1]]
    assert (from_json.contact_id, from_json.release, from_json.priority) == ("json-1", 1, 5)
    assert (from_wire.segment_id, from_wire.priority) == ("S24-AC171", 9)
    sealer = Sealer(KEY)
    person = contacts_pb2.SealedPerson.FromString(sealer.open(from_json.sealed, b"json-1"))
    assert person == contacts_pb2.SealedPerson(phone="+911000000001", name="Asha Example")
    assert from_json.person_key == sealer.person_key("+911000000001")

    for place, (value, reason) in zip(places[2:], bad.items(), strict=True):
        letter = letters[place]
        assert letter.reason == reason
        if reason == dead_pb2.DEAD_REASON_TOO_LARGE:
            assert letter.sealed_payload == b""
        else:
            assert sealer.open(letter.sealed_payload, payload_context(*place)) == value
    for secret in ("Asha", "10000", "0123", "not a number"):
        assert secret not in logged


def test_killing_intake_loses_nothing_and_repeats_are_identical(kafka: str, tmp_path: Path) -> None:
    records = [(index % PARTITIONS, contact_json(f"kill-{index}")) for index in range(6000)]
    places: list[tuple[int, int]] = []
    total = 'seatline_intake_records_total{result="contact"}'
    for round_ in range(3):
        part = records[round_ * 2000 : (round_ + 1) * 2000]
        with intake(kafka, tmp_path / "state") as process:
            eventually(process.is_ready, within_s=60)
            places += produce(kafka, INTAKE_TOPIC, part)
            eventually(lambda process=process: process.metric(total) > 200)  # type: ignore[misc]
            process.kill()
    with intake(kafka, tmp_path / "state") as process:
        eventually(process.is_ready, within_s=60)
        eventually(lambda: set(places) <= contacts_by_source(kafka).keys(), within_s=60)
        assert process.stop() == 0
    found = contacts_by_source(kafka)
    ids = [found[place][0].contact_id for place in places]
    assert ids == [f"kill-{index}" for index in range(6000)]
    repeated = [found[place] for place in places if len(found[place]) > 1]
    for first, *others in repeated:
        for other in others:
            # All but the sealed bytes, whose nonce is new each time.
            other.sealed = first.sealed
            assert other == first


def test_an_orderly_stop_commits_what_was_sent(kafka: str, tmp_path: Path) -> None:
    total = 'seatline_intake_records_total{result="contact"}'
    records = [(index % PARTITIONS, contact_json(f"stop-{index}")) for index in range(500)]
    with intake(kafka, tmp_path / "state") as process:
        eventually(process.is_ready, within_s=60)
        places = produce(kafka, INTAKE_TOPIC, records)
        eventually(lambda: process.metric(total) >= 500)
        assert process.stop() == 0
    (after,) = produce(kafka, INTAKE_TOPIC, [(0, contact_json("after-stop"))])
    with intake(kafka, tmp_path / "state") as process:
        eventually(lambda: after in contacts_by_source(kafka), within_s=60)
        assert process.stop() == 0
    found = contacts_by_source(kafka)
    assert {len(found[place]) for place in places} == {1}


def test_a_producer_gone_wrong_stops_intake_before_all_it_sends_is_dead(
    kafka: str, tmp_path: Path
) -> None:
    rubbish = [(index % PARTITIONS, b"{rubbish") for index in range(300)]
    settings = {"SEATLINE_DEAD_WINDOW": "200", "SEATLINE_DEAD_RECORDS_MIN": "50"}
    with intake(kafka, tmp_path / "state", settings) as process:
        eventually(process.is_ready, within_s=60)
        places = produce(kafka, INTAKE_TOPIC, rubbish)
        assert process.process.wait(30) == 70
        assert "are dead letters" in process.log.read_text()
    assert len(letters_by_source(kafka).keys() & set(places)) < len(places)
    # The records are still unread: a hand that raises the share gets past them.
    with intake(kafka, tmp_path / "state", {"SEATLINE_DEAD_SHARE_MAX": "1"}) as process:
        eventually(lambda: set(places) <= letters_by_source(kafka).keys(), within_s=60)
        assert process.stop() == 0


def test_intake_waits_for_a_broker_that_is_away_and_says_so(tmp_path: Path) -> None:
    with intake(f"127.0.0.1:{free_port()}", tmp_path / "state") as process:
        eventually(lambda: "Kafka does not answer" in process.page("/readyz")[1])
        assert process.page("/readyz")[0] == 503
        assert process.page("/livez")[0] == 200
        assert process.stop() == 0
        lines = [line for line in process.log.read_text().splitlines() if line.startswith("{")]
        assert any("waiting" in json.loads(line)["event"] for line in lines)


def test_a_missing_key_file_is_named_among_the_wrong_settings(tmp_path: Path) -> None:
    settings = {"SEATLINE_KEY_FILE": str(tmp_path / "none"), "SEATLINE_PHONE_COUNTRY": "XX"}
    with intake("127.0.0.1:1", tmp_path / "state", settings) as process:
        assert process.process.wait(20) == 78
        logged = process.log.read_text()
    assert "SEATLINE_KEY_FILE" in logged
    assert "SEATLINE_PHONE_COUNTRY" in logged
