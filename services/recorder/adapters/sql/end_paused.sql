-- A recorder that is paused amid COPY is not idle to the server: no timeout of its own ends it.
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database()
  AND usename = current_user
  AND application_name LIKE 'recorder-%'
  AND xact_start IS NOT NULL
  AND wait_event = 'ClientRead'
  AND state_change < clock_timestamp() - $1::interval
