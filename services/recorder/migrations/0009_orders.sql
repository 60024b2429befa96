-- migrate:up

-- Few rows among very many: what operators ordered, listed by `seatline journal`.
ALTER TABLE seatline.decision ADD COLUMN ordered_at timestamptz;
COMMENT ON COLUMN seatline.decision.ordered_at IS
  'When the operator''s order was given that this fact answers; NULL for every other decision.';
CREATE INDEX decision_ordered ON seatline.decision (ordered_at) WHERE ordered_at IS NOT NULL;

-- migrate:down

DROP INDEX seatline.decision_ordered;
ALTER TABLE seatline.decision DROP COLUMN ordered_at;
