CREATE INDEX caller_idle ON caller (centre_id, idle_since) WHERE idle_since IS NOT NULL
