INSERT INTO seatline.live_assignment (
  contact_id, release_id, attempt, session_id, centre_id, confirmed_at, partition, record_offset,
  entry
)
SELECT * FROM unnest(
  $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[],
  $7::integer[], $8::bigint[], $9::integer[]
)
ON CONFLICT (contact_id) DO NOTHING
RETURNING contact_id
