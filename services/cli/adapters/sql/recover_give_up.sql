-- Committed, never known to be sent, and no longer valid: only a hand can say what became of it.
UPDATE seatline.recovered
SET fate = 'human'
WHERE recovery_id = $1 AND fate = 'release' AND released_at IS NOT NULL AND sent_at IS NULL
  AND valid_until <= $2
