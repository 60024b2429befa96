INSERT INTO seatline.conflict (
  kind, contact_id, release_id, attempt, session_id, other_release_id, other_attempt,
  other_session_id, found_at, partition, record_offset, entry
)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
  $8::text[], $9::timestamptz[], $10::integer[], $11::bigint[], $12::integer[]
)
RETURNING 1
