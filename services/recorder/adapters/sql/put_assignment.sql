INSERT INTO seatline.live_assignment (
  contact_id, release_id, attempt, session_id, centre_id, confirmed_at, partition, record_offset,
  entry
)
SELECT * FROM unnest($1::seatline.live_assignment_row[])
ON CONFLICT (contact_id) DO NOTHING
RETURNING contact_id
