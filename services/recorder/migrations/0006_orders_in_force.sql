-- migrate:up

-- Few rows among very many: which order is in force in each partition is asked after every order.
CREATE INDEX decision_order ON seatline.decision (partition, kind, record_offset)
  WHERE kind IN ('map_applied', 'policy_applied');

-- migrate:down

DROP INDEX seatline.decision_order;
