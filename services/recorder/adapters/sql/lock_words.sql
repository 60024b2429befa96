-- An end and a word on it may be recorded by two recorders at once, and neither would see the other.
-- Ends share the lock; a word, which is rare, waits for all of them and holds them up until COMMIT.
SELECT CASE WHEN $1::boolean
  THEN pg_advisory_xact_lock(hashtext('seatline.outcome_amendment'))
  ELSE pg_advisory_xact_lock_shared(hashtext('seatline.outcome_amendment'))
END
