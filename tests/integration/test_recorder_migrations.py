import subprocess
import sys
from pathlib import Path

import pytest

from services.stack.layout import MIGRATIONS
from tests.support.stack import Database

BEFORE = """
INSERT INTO seatline.outcome (contact_id, release_id, attempt, session_id, disposition, ended_at,
                              partition, record_offset, entry, attempt_spent)
VALUES ('c-1', 1, 1, 's-1', 'opt_out', now(), 0, 1, 0, true),
       ('c-2', 1, 1, 's-2', 'interrupted', now(), 0, 2, 0, true),
       ('c-3', 1, 1, 's-3', 'interrupted', now(), 0, 3, 0, true);
INSERT INTO seatline.outcome_amendment (contact_id, release_id, attempt, session_id, disposition,
                                        amended_at, partition, record_offset, entry, verdict)
VALUES ('c-2', 1, 1, 's-2', 'opt_out', now() + '2 s', 1, 2, 0, 'unmatched'),
       ('c-2', 1, 1, 's-2', 'busy', now() + '1 s', 1, 1, 0, 'unmatched'),
       ('c-3', 1, 1, 's-9', 'busy', now(), 1, 3, 0, 'unmatched');
"""

DECIDED = """
INSERT INTO seatline.decision (topic, partition, record_offset, entry, at, kind, payload)
SELECT 'seatline.facts.v1', 0, record, entry, '2026-02-02 12:00+00', 'queued', ''
FROM generate_series({first}, {last}) AS record, generate_series(0, 2) AS entry
"""


def dbmate(dsn: str, step: str) -> None:
    program = str(Path(sys.executable).with_name("dbmate"))
    where = ("--url", dsn, "--migrations-dir", str(MIGRATIONS), "--no-dump-schema")
    subprocess.run((program, *where, step), check=True, timeout=30, capture_output=True)


def undo(dsn: str, down_to: str) -> None:
    for path in MIGRATIONS.glob("*.sql"):
        if path.name >= down_to:
            dbmate(dsn, "rollback")


def test_every_migration_can_be_undone_and_done_again(postgres_server: Database) -> None:
    dsn = postgres_server.fresh_database()
    undo(dsn, "0001")
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'seatline'"
    assert postgres_server.execute(schemas, dsn) == "0"
    dbmate(dsn, "migrate")
    assert postgres_server.execute(schemas, dsn) == "1"


def test_opt_outs_from_before_the_outbox_are_still_to_be_published(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    undo(dsn, "0004")
    postgres_server.execute(BEFORE, dsn)
    dbmate(dsn, "migrate")
    found = "SELECT string_agg(contact_id, ' ' ORDER BY contact_id) FROM seatline.withdrawal"
    assert postgres_server.execute(f"{found} WHERE published_at IS NULL", dsn) == "c-1 c-2"


def test_the_last_of_the_words_that_came_before_their_end_is_made_good(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    undo(dsn, "0005")
    postgres_server.execute(BEFORE, dsn)
    dbmate(dsn, "migrate")
    said = "SELECT string_agg(disposition, ' ' ORDER BY contact_id) FROM seatline.outcome"
    assert postgres_server.execute(said, dsn) == "opt_out opt_out interrupted"
    judged = "SELECT string_agg(verdict, ' ' ORDER BY record_offset) FROM seatline"
    assert postgres_server.execute(f"{judged}.outcome_amendment", dsn) == (
        "unmatched amended unmatched"
    )


def test_records_that_are_there_are_kept_from_being_written_twice_by_their_first_entries(
    postgres_server: Database,
) -> None:
    dsn = postgres_server.fresh_database()
    undo(dsn, "0008")
    postgres_server.execute(DECIDED.format(first=1, last=9), dsn)
    dbmate(dsn, "migrate")
    with pytest.raises(subprocess.CalledProcessError):
        postgres_server.execute(DECIDED.format(first=9, last=9), dsn)
    postgres_server.execute(DECIDED.format(first=10, last=10), dsn)
    assert postgres_server.execute("SELECT count(*) FROM seatline.decision", dsn) == "30"
    undo(dsn, "0008")
    with pytest.raises(subprocess.CalledProcessError):
        postgres_server.execute(DECIDED.format(first=10, last=10), dsn)
