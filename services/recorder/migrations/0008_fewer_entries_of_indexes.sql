-- migrate:up

-- A contact writes some six decisions, and each wrote its key, its contact with its time, and its
-- session. Records are recorded whole, so the key of a record's first entry keeps all of them from
-- being written twice. A contact has few decisions: they are sorted when somebody asks.
ALTER TABLE seatline.decision DROP CONSTRAINT decision_pkey;
CREATE UNIQUE INDEX decision_record ON seatline.decision (topic, partition, record_offset, at)
  WHERE entry = 0;
DROP INDEX seatline.decision_contact;
CREATE INDEX decision_contact ON seatline.decision (contact_id) WHERE contact_id IS NOT NULL;

-- Nobody asks by these.
DROP INDEX seatline.contact_person;
DROP INDEX seatline.outcome_ended;

-- What a statement takes as one array: types of their own, so that a table may get another column
-- while a recorder is running.
CREATE TYPE seatline.contact_state_row AS (
  contact_id     text,
  release_id     bigint,
  place          text,
  reason         text,
  seat_id        text,
  centre_id      text,
  session_id     text,
  attempt        bigint,
  map_version    bigint,
  policy_version bigint,
  moved_at       timestamptz,
  stage          smallint,
  partition      integer,
  record_offset  bigint,
  entry          integer
);
CREATE TYPE seatline.contact_row AS (
  contact_id      text,
  content_release bigint,
  person_key      bytea,
  seat_id         text,
  segment_id      text,
  language        text,
  campaign        text,
  priority        integer,
  wanted_at       timestamptz,
  sealed          bytea,
  not_before      timestamptz,
  release_id      bigint,
  place           text,
  reason          text,
  due_at          timestamptz,
  waited          interval,
  moved_at        timestamptz,
  stage           smallint,
  partition       integer,
  record_offset   bigint,
  entry           integer
);
CREATE TYPE seatline.outcome_row AS (
  contact_id    text,
  release_id    bigint,
  attempt       bigint,
  seat_id       text,
  centre_id     text,
  session_id    text,
  disposition   text,
  offered_at    timestamptz,
  confirmed_at  timestamptz,
  ended_at      timestamptz,
  partition     integer,
  record_offset bigint,
  entry         integer,
  talk          interval,
  attempt_spent boolean
);
CREATE TYPE seatline.live_assignment_row AS (
  contact_id    text,
  release_id    bigint,
  attempt       bigint,
  session_id    text,
  centre_id     text,
  confirmed_at  timestamptz,
  partition     integer,
  record_offset bigint,
  entry         integer
);

-- migrate:down

DROP TYPE seatline.live_assignment_row;
DROP TYPE seatline.outcome_row;
DROP TYPE seatline.contact_row;
DROP TYPE seatline.contact_state_row;
CREATE INDEX outcome_ended ON seatline.outcome (ended_at);
CREATE INDEX contact_person ON seatline.contact (person_key) WHERE person_key IS NOT NULL;
DROP INDEX seatline.decision_contact;
CREATE INDEX decision_contact ON seatline.decision (contact_id, at) WHERE contact_id IS NOT NULL;
DROP INDEX seatline.decision_record;
ALTER TABLE seatline.decision ADD PRIMARY KEY (topic, partition, record_offset, entry, at);
