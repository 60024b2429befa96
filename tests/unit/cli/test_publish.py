from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.adapters.fenced import Bookmark
from services.cli.adapters.map_log import KafkaMapLog
from services.cli.adapters.map_report import as_json, as_text, in_use_as_json, in_use_as_text
from services.cli.adapters.order_files import read_wish
from services.cli.adapters.seat_files import DATA, read_map, read_reference
from services.cli.errors import NotDoneError
from services.cli.handlers.publish import PublishHandler, Wish
from services.cli.ports.signature import Signature
from services.runtime.fenced_log.header import FencePoint
from tests.fakes.log_book import InMemoryLogBook, WriterDiedError
from tests.support.cli_logs import FACTS, fence, map_applied, policy_applied, record

MAP = DATA / "maps" / "2024-225.csv"
TOPIC = "seatline.map.v1"


@pytest.fixture(scope="module")
def wish() -> Wish:
    return read_wish(MAP, None, Signature("Asha", "a test"), dry_run=False, wait=False)


@pytest.fixture
def book() -> InMemoryLogBook:
    return InMemoryLogBook(partitions=8)


def handler(book: InMemoryLogBook) -> PublishHandler:
    return PublishHandler(KafkaMapLog(book, {}))


def test_the_first_map_brings_the_default_policy_with_it(book: InMemoryLogBook, wish: Wish) -> None:
    published = handler(book)(wish)
    assert book.appended == [(TOPIC, b"policy"), (TOPIC, b"map")]
    assert (published.map_version, published.policy_version) == (1, 1)
    assert (published.centres, published.seats) == (225, 543)
    in_use = KafkaMapLog(book, {}).in_use()
    assert in_use.policy == wish.policy
    assert in_use.seat_map is not None
    assert sum(centre.callers for centre in in_use.seat_map.centres) == 20_000
    assert sum(len(seat.segment_ids) for seat in in_use.seat_map.seats) == 4_130
    shown = in_use_as_json(in_use)
    assert (shown["seats"], len(shown["centres"])) == (543, 225)
    assert shown["policy"]["silence_windows"] == 543
    assert "C001" in in_use_as_text(shown)


def test_the_same_content_again_changes_nothing(book: InMemoryLogBook, wish: Wish) -> None:
    handler(book)(wish)
    again = handler(book)(replace(wish, policy_asked_for=True))
    assert len(book.appended) == 2
    report = as_json(again, dry_run=False)
    assert report["ok"]
    assert not report["changed"]
    assert (report["map_version"], report["policy_version"]) == (1, 1)
    assert "unchanged" in as_text(report)


def test_another_content_is_the_next_version_and_leaves_the_policy(
    book: InMemoryLogBook, wish: Wish
) -> None:
    handler(book)(wish)
    first = wish.rows[0]
    fewer = replace(first, cells={**first.cells, "callers": "1"})
    published = handler(book)(replace(wish, rows=[fewer, *wish.rows[1:]]))
    assert (published.map_version, published.map_changed) == (2, True)
    assert (published.policy_version, published.policy_changed) == (1, False)


def test_a_dry_run_appends_nothing(book: InMemoryLogBook, wish: Wish) -> None:
    published = handler(book)(replace(wish, dry_run=True, wait=True))
    assert published.map_changed
    assert book.appended == []


def test_a_centre_that_would_move_is_refused_against_the_map_in_use(
    book: InMemoryLogBook, wish: Wish
) -> None:
    handler(book)(wish)
    centre, partition = wish.rows[0].cells["centre_id"], wish.rows[0].cells["partition"]
    other = str((int(partition) + 1) % 8)
    moved = [
        replace(row, cells={**row.cells, "partition": other})
        if row.cells["centre_id"] == centre
        else row
        for row in wish.rows
    ]
    published = handler(book)(replace(wish, rows=moved))
    assert [problem.field for problem in published.problems] == ["partition"]
    assert len(book.appended) == 2


def test_a_map_for_more_partitions_than_the_stack_has_is_refused(wish: Wish) -> None:
    published = handler(InMemoryLogBook(partitions=1))(wish)
    assert {problem.field for problem in published.problems} == {"partition"}


def test_an_order_is_done_when_every_partition_has_it_in_force(wish: Wish) -> None:
    book = InMemoryLogBook(partitions=8)
    marks = {}
    for partition in range(8):
        book.put(FACTS, partition, fence(FACTS))
        marks[FACTS, partition] = Bookmark(1, FencePoint(1, (1).to_bytes(16), 0))
        if partition != 5:
            done = record(FACTS, policy_applied(1), map_applied(1), seq=1)
            book.on_append.append((FACTS, partition, done))
    # A zombie's word does not count.
    book.on_append.append(
        (FACTS, 5, record(FACTS, map_applied(1), policy_applied(1), seq=1, epoch=0))
    )
    published = PublishHandler(KafkaMapLog(book, marks))(replace(wish, wait=True))
    assert published.missing == [5]
    report = as_json(published, dry_run=False)
    assert not report["ok"]
    assert "partitions 5" in as_text(report)
    done = record(FACTS, policy_applied(1), map_applied(1), seq=1)
    book.put(FACTS, 5, done)
    assert KafkaMapLog(book, marks).applied(1, 1, within_s=1.0) == frozenset(range(8))


def test_a_publisher_killed_between_its_orders_appends_only_the_missing_one_when_repeated(
    book: InMemoryLogBook, wish: Wish
) -> None:
    book.dies_at_append = 2
    with pytest.raises(WriterDiedError):
        handler(book)(wish)
    assert book.appended == [(TOPIC, b"policy")]
    assert KafkaMapLog(book, {}).in_use().seat_map is None
    book.dies_at_append = None
    published = handler(book)(wish)
    assert book.appended == [(TOPIC, b"policy"), (TOPIC, b"map")]
    assert (published.map_version, published.map_changed) == (1, True)
    assert (published.policy_version, published.policy_changed) == (1, False)


def test_a_publisher_killed_between_its_second_orders_leaves_no_version_out(
    book: InMemoryLogBook, wish: Wish
) -> None:
    handler(book)(wish)
    first = wish.rows[0]
    fewer = replace(first, cells={**first.cells, "callers": "1"})
    policy = replace(wish.policy, required=not wish.policy.required)
    other = replace(wish, rows=[fewer, *wish.rows[1:]], policy=policy, policy_asked_for=True)
    book.dies_at_append = 4
    with pytest.raises(WriterDiedError):
        handler(book)(other)
    book.dies_at_append = None
    published = handler(book)(other)
    assert [key for _, key in book.appended] == [b"policy", b"map", b"policy", b"map"]
    assert (published.map_version, published.map_changed) == (2, True)
    assert (published.policy_version, published.policy_changed) == (2, False)


def test_a_repeated_order_waits_until_the_map_in_use_is_in_force_everywhere(wish: Wish) -> None:
    book = InMemoryLogBook(partitions=2)
    rows = [replace(row, cells={**row.cells, "partition": "0"}) for row in wish.rows]
    wish = replace(wish, rows=rows)
    # The first publisher was killed after its appends and before its wait.
    handler(book)(wish)
    for partition in range(2):
        book.put(FACTS, partition, fence(FACTS))
    book.put(FACTS, 0, record(FACTS, policy_applied(1), map_applied(1), seq=1))
    report = as_json(handler(book)(replace(wish, wait=True)), dry_run=False)
    assert (report["ok"], report["changed"], report["not_applied"]) == (False, False, [1])
    book.put(FACTS, 1, record(FACTS, policy_applied(1), seq=1))
    assert handler(book)(replace(wish, wait=True)).missing == [1]
    book.put(FACTS, 1, record(FACTS, map_applied(1), seq=2))
    report = as_json(handler(book)(replace(wish, wait=True)), dry_run=False)
    assert (report["ok"], report["changed"], report["applied"]) == (True, False, [0, 1])
    assert len(book.appended) == 2


def test_what_the_record_says_is_in_force_need_not_be_read_in_the_logs(wish: Wish) -> None:
    book = InMemoryLogBook(partitions=8)
    handler(book)(wish)
    in_force = dict.fromkeys(range(7), (1, 1))
    published = PublishHandler(KafkaMapLog(book, {}, in_force))(replace(wish, wait=True))
    assert published.missing == [7]
    in_force[7] = (1, 1)
    published = PublishHandler(KafkaMapLog(book, {}, in_force))(replace(wish, wait=True))
    assert published.missing == []


def test_bytes_that_are_no_order_are_an_error_that_names_the_place(book: InMemoryLogBook) -> None:
    book.put(TOPIC, 0, b"\xff")
    with pytest.raises(NotDoneError, match=f"{TOPIC}@0"):
        KafkaMapLog(book, {}).in_use()


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotDoneError, match="cannot be read"):
        read_map(tmp_path / "none.csv")
    other = tmp_path / "other.csv"
    other.write_text("seat_id,centre_id\n")
    with pytest.raises(NotDoneError, match="row 1: centre_name, site_seat_id, callers, partition"):
        read_map(other)
    other.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotDoneError, match="cannot be read"):
        read_map(other)
    toml = tmp_path / "policy.toml"
    toml.write_text("opens = ")
    for text, complaint in (("opens = ", "cannot be read"), ("opens = 7\n", "opens: 7")):
        toml.write_text(text)
        with pytest.raises(NotDoneError, match=complaint):
            read_wish(MAP, str(toml), Signature("Asha", ""), dry_run=True, wait=False)


def test_the_reference_data_knows_every_seat() -> None:
    reference = read_reference()
    assert len(reference.seats) == len(reference.poll_dates) == 543
    assert all(seat.languages and seat.segment_ids for seat in reference.seats.values())
