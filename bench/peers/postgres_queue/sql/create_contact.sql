CREATE TABLE contact (
  contact_id bigint PRIMARY KEY,
  arrived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  language bigint NOT NULL,
  offered_at timestamptz,
  confirmed_at timestamptz,
  ended_at timestamptz,
  caller_id integer,
  state contact_state NOT NULL DEFAULT 'waiting',
  centre_id smallint NOT NULL,
  priority smallint NOT NULL,
  attempt smallint NOT NULL DEFAULT 0,
  confirms smallint NOT NULL DEFAULT 0,
  -- Says what `state` says too: no index names `state`, so that a step after the offer is a HOT
  -- update, which touches no index at all.
  waiting boolean NOT NULL DEFAULT true,
  disposition text,
  sealed bytea NOT NULL
) WITH (
  -- Five versions within seconds: they find room on the page, and the next one prunes it.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_cost_delay = 0
)
