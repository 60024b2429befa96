INSERT INTO seatline.withdrawal (
  topic, partition, record_offset, entry, person_key, contact_id, kind, given_at
)
SELECT * FROM unnest(
  $1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::bytea[], $6::text[], $7::text[],
  $8::timestamptz[]
)
ON CONFLICT (topic, partition, record_offset, entry) DO NOTHING
RETURNING 1
