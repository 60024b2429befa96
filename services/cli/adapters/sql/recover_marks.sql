-- What the router would remember. Of what its sender has to send again nothing: it is to be routed.
SELECT s.contact_id, s.release_id
FROM seatline.contact_state AS s
WHERE s.moved_at >= $2
  AND NOT EXISTS (
    SELECT FROM seatline.recovered AS lost
    WHERE lost.recovery_id = $1 AND lost.fate = 'sender'
      AND (lost.contact_id, lost.release_id) = (s.contact_id, s.release_id)
  )
