INSERT INTO seatline.outcome (
  contact_id, release_id, attempt, seat_id, centre_id, session_id, disposition, offered_at,
  confirmed_at, ended_at, partition, record_offset, entry, talk, attempt_spent
)
SELECT * FROM unnest(
  $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::integer[], $12::bigint[],
  $13::integer[], $14::interval[], $15::boolean[]
)
ON CONFLICT (contact_id, release_id) DO NOTHING
RETURNING partition, record_offset, entry
