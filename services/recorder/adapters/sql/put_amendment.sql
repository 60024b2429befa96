INSERT INTO seatline.outcome_amendment (
  partition, record_offset, entry, contact_id, release_id, attempt, session_id, verdict,
  disposition, replaced, amended_at
)
SELECT * FROM unnest(
  $1::integer[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
  $8::text[], $9::text[], $10::text[], $11::timestamptz[]
)
ON CONFLICT (partition, record_offset, entry) DO UPDATE
SET verdict = excluded.verdict, replaced = excluded.replaced
RETURNING 1
