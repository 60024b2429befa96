-- Once: whoever was released since, by whomever, has a higher release in the bank.
WITH due AS (
  SELECT lost.contact_id, greatest(lost.release_id, bank.release_id) + 1 AS new_release
  FROM seatline.recovered AS lost
  JOIN seatline.contact AS bank USING (contact_id)
  WHERE lost.recovery_id = $1 AND lost.fate = 'release' AND lost.released_at IS NULL
    AND lost.not_before <= $2 AND bank.due_at IS NOT NULL
  ORDER BY bank.priority DESC, lost.waits_since, lost.contact_id
  LIMIT $4
  FOR UPDATE OF bank
), released AS (
  UPDATE seatline.recovered AS lost
  SET new_release = due.new_release, valid_until = $3, released_at = $2
  FROM due
  WHERE lost.recovery_id = $1 AND lost.contact_id = due.contact_id
)
UPDATE seatline.contact AS bank
SET release_id = due.new_release, place = 'returned', reason = 'released', due_at = NULL,
    moved_at = $2, stage = 0, record_offset = -1, entry = 0
FROM due
WHERE bank.contact_id = due.contact_id
