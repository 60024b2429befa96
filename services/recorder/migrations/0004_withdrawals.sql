-- migrate:up

CREATE TABLE seatline.withdrawal (
  topic         text        NOT NULL,
  partition     integer     NOT NULL,
  record_offset bigint      NOT NULL,
  entry         integer     NOT NULL,
  person_key    bytea,
  contact_id    text,
  kind          text        NOT NULL CHECK (kind = 'opt_out'),
  given_at      timestamptz NOT NULL,
  published_at  timestamptz,
  PRIMARY KEY (topic, partition, record_offset, entry),
  CHECK (person_key IS NOT NULL OR contact_id IS NOT NULL)
);
COMMENT ON TABLE seatline.withdrawal IS
  'Opt-outs given in calls, on their way to every reader of withdrawals: the outbox of the bank.';
COMMENT ON COLUMN seatline.withdrawal.person_key IS
  'NULL: the fact names its contact only, and the bank has not told yet whose it is.';
COMMENT ON COLUMN seatline.withdrawal.contact_id IS 'NULL: the fact names the person.';
COMMENT ON COLUMN seatline.withdrawal.published_at IS
  'Acknowledged by Kafka; NULL: it is still to be published.';

CREATE INDEX withdrawal_open ON seatline.withdrawal (topic, partition)
  WHERE published_at IS NULL OR person_key IS NULL;

-- What was given before this table: by contact, at the place of the word that gave it.
INSERT INTO seatline.withdrawal (
  topic, partition, record_offset, entry, contact_id, kind, given_at
)
SELECT 'seatline.facts.v1', partition, record_offset, entry, contact_id, 'opt_out', ended_at
FROM seatline.outcome
WHERE disposition = 'opt_out'
UNION ALL
SELECT 'seatline.facts.v1', partition, record_offset, entry, contact_id, 'opt_out', amended_at
FROM seatline.outcome_amendment
WHERE disposition = 'opt_out';

-- migrate:down

DROP TABLE seatline.withdrawal;
