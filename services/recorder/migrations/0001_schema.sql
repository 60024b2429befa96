-- migrate:up

CREATE SCHEMA seatline;
COMMENT ON SCHEMA seatline IS
  'What the recorder wrote from the rulings and facts logs. Tables of people hold sealed text only.';

-- The bank ----------------------------------------------------------------------------------------

CREATE TABLE seatline.contact (
  contact_id      text PRIMARY KEY,

  -- What the contact is, from its newest routed or held ruling. NULL while only facts were read:
  -- rulings and facts have no common order.
  content_release bigint,
  person_key      bytea,
  seat_id         text,
  segment_id      text,
  language        text,
  campaign        text,
  priority        integer,
  wanted_at       timestamptz,
  sealed          bytea,

  -- Where it stands, from the newest of its rulings, ends and returns.
  release_id      bigint,
  place           text CHECK (place IN ('routed', 'held', 'refused', 'returned', 'ended')),
  reason          text,
  due_at          timestamptz,
  not_before      timestamptz,
  waited          interval,
  moved_at        timestamptz,

  -- The order in which it moves, and never back: release, stage, record, entry.
  stage           smallint,
  partition       integer,
  record_offset   bigint,
  entry           integer
);
COMMENT ON TABLE seatline.contact IS 'The bank: every contact that was routed or held, once.';
COMMENT ON COLUMN seatline.contact.wanted_at IS 'Not to be called before, as its source asked.';
COMMENT ON COLUMN seatline.contact.sealed IS 'SealedPerson, with the contact id as associated data.';
COMMENT ON COLUMN seatline.contact.release_id IS 'Newest release that is known here.';
COMMENT ON COLUMN seatline.contact.due_at IS
  'May be released again from then on; NULL: not due, waits for an event, or done.';
COMMENT ON COLUMN seatline.contact.not_before IS
  'No new release before this, whatever due_at says: the last number may still be dialled.';
COMMENT ON COLUMN seatline.contact.waited IS 'How long it waited in the queue it came back from.';
COMMENT ON COLUMN seatline.contact.stage IS '0 refused arrival, 1 ruling, 2 fact.';

CREATE INDEX contact_due ON seatline.contact (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX contact_person ON seatline.contact (person_key) WHERE person_key IS NOT NULL;

CREATE TABLE seatline.contact_state (
  contact_id     text     NOT NULL,
  release_id     bigint   NOT NULL,
  place          text     NOT NULL CHECK (place IN (
    'held', 'refused', 'routed', 'queued', 'offered', 'confirmed', 'on_call', 'wrap_up',
    'returned', 'ended')),
  reason         text,
  seat_id        text,
  centre_id      text,
  session_id     text,
  attempt        bigint,
  map_version    bigint,
  policy_version bigint,
  moved_at       timestamptz NOT NULL,
  stage          smallint NOT NULL,
  partition      integer  NOT NULL,
  record_offset  bigint   NOT NULL,
  entry          integer  NOT NULL,
  PRIMARY KEY (contact_id, release_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE seatline.contact_state IS
  'Where each release of each contact stands: the newest place in the order (stage, record_offset, entry).';
COMMENT ON COLUMN seatline.contact_state.stage IS '0 refused arrival, 1 ruling, 2 fact.';
COMMENT ON COLUMN seatline.contact_state.partition IS 'Of rulings up to stage 1, of facts at stage 2.';

CREATE INDEX contact_state_open ON seatline.contact_state (centre_id, place)
  WHERE place NOT IN ('ended', 'refused', 'returned', 'held');

-- Outcomes ----------------------------------------------------------------------------------------

CREATE TABLE seatline.outcome (
  contact_id    text    NOT NULL,
  release_id    bigint  NOT NULL,
  attempt       bigint  NOT NULL,
  seat_id       text,
  centre_id     text,
  session_id    text,
  disposition   text    NOT NULL,
  offered_at    timestamptz,
  confirmed_at  timestamptz,
  ended_at      timestamptz NOT NULL,
  partition     integer NOT NULL,
  record_offset bigint  NOT NULL,
  entry         integer NOT NULL,
  talk          interval,
  attempt_spent boolean NOT NULL,
  PRIMARY KEY (contact_id, release_id)
);
COMMENT ON TABLE seatline.outcome IS 'The terminal record of each release that ended: exactly one.';
COMMENT ON COLUMN seatline.outcome.attempt IS '0: it was never offered.';
COMMENT ON COLUMN seatline.outcome.disposition IS
  'What the caller gave, amendments included; where none was given, why the release ended.';

CREATE INDEX outcome_ended ON seatline.outcome (ended_at);

CREATE TABLE seatline.outcome_amendment (
  partition     integer NOT NULL,
  record_offset bigint  NOT NULL,
  entry         integer NOT NULL,
  contact_id    text    NOT NULL,
  release_id    bigint  NOT NULL,
  attempt       bigint  NOT NULL,
  session_id    text,
  verdict       text    NOT NULL CHECK (verdict IN ('amended', 'unmatched')),
  disposition   text    NOT NULL,
  replaced      text,
  amended_at    timestamptz NOT NULL,
  PRIMARY KEY (partition, record_offset, entry)
);
COMMENT ON TABLE seatline.outcome_amendment IS
  'Later words on an outcome that changed it, or that fit no attempt; repeats are not kept.';

CREATE INDEX outcome_amendment_contact ON seatline.outcome_amendment (contact_id, release_id);

-- Promise 2 ---------------------------------------------------------------------------------------

CREATE TABLE seatline.live_assignment (
  contact_id    text PRIMARY KEY,
  release_id    bigint  NOT NULL,
  attempt       bigint  NOT NULL,
  session_id    text,
  centre_id     text,
  confirmed_at  timestamptz NOT NULL,
  partition     integer NOT NULL,
  record_offset bigint  NOT NULL,
  entry         integer NOT NULL
);
COMMENT ON TABLE seatline.live_assignment IS
  'Who may be talking to whom. Unpartitioned, so that its key holds across all centres.';

CREATE TABLE seatline.conflict (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind             text    NOT NULL CHECK (kind IN ('second_assignment', 'second_end')),
  contact_id       text    NOT NULL,
  release_id       bigint  NOT NULL,
  attempt          bigint  NOT NULL,
  session_id       text,
  other_release_id bigint,
  other_attempt    bigint,
  other_session_id text,
  found_at         timestamptz NOT NULL,
  partition        integer NOT NULL,
  record_offset    bigint  NOT NULL,
  entry            integer NOT NULL,
  UNIQUE (partition, record_offset, entry)
);
COMMENT ON TABLE seatline.conflict IS
  'Facts that broke a promise of the dispatcher. Every row is an incident.';

-- Decisions ---------------------------------------------------------------------------------------

CREATE TABLE seatline.decision (
  topic         text        NOT NULL,
  partition     integer     NOT NULL,
  record_offset bigint      NOT NULL,
  entry         integer     NOT NULL,
  at            timestamptz NOT NULL,
  kind          text        NOT NULL,
  contact_id    text,
  release_id    bigint,
  session_id    text,
  centre_id     text,
  payload       bytea       NOT NULL,
  PRIMARY KEY (topic, partition, record_offset, entry, at)
) PARTITION BY RANGE (at);
COMMENT ON TABLE seatline.decision IS
  'Every ruling and fact, for explanations after Kafka''s retention; one partition a day (UTC).';
COMMENT ON COLUMN seatline.decision.payload IS
  'The Ruling (topic of rulings) or Fact (topic of facts) in protobuf, without sealed text.';

CREATE INDEX decision_contact ON seatline.decision (contact_id, at) WHERE contact_id IS NOT NULL;
CREATE INDEX decision_session ON seatline.decision (session_id, at) WHERE session_id IS NOT NULL;

-- A day nobody made ahead costs tidiness, never a row.
CREATE TABLE seatline.decision_default PARTITION OF seatline.decision DEFAULT;

-- Positions ---------------------------------------------------------------------------------------

CREATE TABLE seatline.recorder_position (
  topic        text    NOT NULL,
  partition    integer NOT NULL,
  topic_id     text    NOT NULL,
  next_offset  bigint  NOT NULL DEFAULT 0,
  next_index   integer NOT NULL DEFAULT 0,
  epoch        bigint,
  owner        bytea,
  seq          bigint,
  log_time     timestamptz,
  reader_epoch bigint  NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE seatline.recorder_position IS
  'How far each log is recorded, in the transaction of the rows. The audit''s vector of offsets.';
COMMENT ON COLUMN seatline.recorder_position.topic_id IS 'Of the topic first read; another one is not this log.';
COMMENT ON COLUMN seatline.recorder_position.next_index IS
  'Entries of the record at next_offset that are recorded; records are recorded whole, so it is 0.';
COMMENT ON COLUMN seatline.recorder_position.epoch IS 'With owner and seq: the last record that counted (rule 1.4).';
COMMENT ON COLUMN seatline.recorder_position.log_time IS 'Its time (rule 2.4).';
COMMENT ON COLUMN seatline.recorder_position.reader_epoch IS 'Rises with each recorder that takes the partition.';

-- migrate:down

DROP SCHEMA seatline CASCADE;
