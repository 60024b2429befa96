-- migrate:up

-- Few rows: who asked for what in which partition, and who owned it from when to when.
CREATE TABLE seatline.control (
  topic         text        NOT NULL,
  partition     integer     NOT NULL,
  record_offset bigint      NOT NULL,
  at            timestamptz NOT NULL,
  kind          text        NOT NULL CHECK (kind IN ('request', 'fence', 'yielding')),
  payload       bytea       NOT NULL,
  PRIMARY KEY (topic, partition, record_offset)
);
COMMENT ON TABLE seatline.control IS
  'Records of the fenced logs in which a person asks for something, or a reign begins or ends.';
COMMENT ON COLUMN seatline.control.at IS 'When it was appended, by the broker''s clock.';
COMMENT ON COLUMN seatline.control.payload IS 'seatline.log.v1.Header, without its positions.';

CREATE INDEX control_at ON seatline.control (at);

-- migrate:down

DROP TABLE seatline.control;
