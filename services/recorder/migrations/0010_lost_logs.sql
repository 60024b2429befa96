-- migrate:up

-- Kafka was lost and begins anew at offset 0. Offsets of rows go on where those of the lost log
-- ended, so that every key stays unique and every order an order (ADR 0014).
ALTER TABLE seatline.recorder_position ADD COLUMN offset_base bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN seatline.recorder_position.offset_base IS
  'What rows call offset 0 of this log; a record_offset below it is of a lost log.';

CREATE TABLE seatline.recovery (
  recovery_id    integer     PRIMARY KEY,
  begun_at       timestamptz NOT NULL,
  begun_by       text        NOT NULL,
  why            text        NOT NULL,
  quiet_until    timestamptz NOT NULL,
  map_version    bigint      NOT NULL,
  policy_version bigint      NOT NULL,
  withdrawn_at   timestamptz,
  stopped_at     timestamptz,
  marked_at      timestamptz,
  mapped_at      timestamptz
);
COMMENT ON TABLE seatline.recovery IS 'Each time that all logs were lost and begun anew.';
COMMENT ON COLUMN seatline.recovery.quiet_until IS
  'By then every call is over that may have been on when the logs were lost.';
COMMENT ON COLUMN seatline.recovery.map_version IS
  'Newest version that was recorded; the map of the new logs has a higher one.';
COMMENT ON COLUMN seatline.recovery.withdrawn_at IS
  'Withdrawals are in the new log; as stops, marks of releases, and the map: NULL is to be done.';

CREATE TABLE seatline.lost_log (
  recovery_id integer NOT NULL REFERENCES seatline.recovery,
  topic       text    NOT NULL,
  partition   integer NOT NULL,
  topic_id    text    NOT NULL,
  next_offset bigint  NOT NULL,
  offset_base bigint  NOT NULL,
  epoch       bigint,
  owner       bytea,
  seq         bigint,
  log_time    timestamptz,
  PRIMARY KEY (recovery_id, topic, partition)
);
COMMENT ON TABLE seatline.lost_log IS
  'How far each lost log was recorded: its rows have offset_base <= record_offset < offset_base + next_offset.';

CREATE TABLE seatline.recovered (
  contact_id   text    NOT NULL,
  recovery_id  integer NOT NULL REFERENCES seatline.recovery,
  release_id   bigint  NOT NULL,
  place        text    NOT NULL,
  session_id   text,
  centre_id    text,
  attempt      bigint,
  moved_at     timestamptz NOT NULL,
  waits_since  timestamptz NOT NULL,
  fate         text    NOT NULL CHECK (fate IN ('release', 'human', 'sender', 'later')),
  not_before   timestamptz,
  new_release  bigint,
  valid_until  timestamptz,
  released_at  timestamptz,
  sent_at      timestamptz,
  PRIMARY KEY (contact_id, recovery_id)
);
COMMENT ON TABLE seatline.recovered IS
  'What became of each contact that was not over when the logs were lost, and where it was.';
COMMENT ON COLUMN seatline.recovered.fate IS
  'release: called again; human: a caller may have talked to them; sender: its text is not recorded; '
  'later: stays in the bank until it is due.';
COMMENT ON COLUMN seatline.recovered.released_at IS 'Committed before it is sent (rule 7.1).';
COMMENT ON COLUMN seatline.recovered.sent_at IS
  'Acknowledged by Kafka; NULL: sent again as it was, and a second one is refused as a duplicate.';

CREATE INDEX recovered_open ON seatline.recovered (recovery_id, not_before)
  WHERE fate = 'release' AND sent_at IS NULL;

-- migrate:down

DROP TABLE seatline.recovered;
DROP TABLE seatline.lost_log;
DROP TABLE seatline.recovery;
ALTER TABLE seatline.recorder_position DROP COLUMN offset_base;
