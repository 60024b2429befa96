CREATE TABLE caller (
  caller_id integer PRIMARY KEY,
  contact_id bigint,
  -- Empty while busy or resting; the only indexed column that changes.
  idle_since timestamptz,
  languages bigint NOT NULL,
  centre_id smallint NOT NULL
) WITH (
  -- Room for the next version beside the last one.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
)
