INSERT INTO seatline.contact AS known (
  contact_id, release_id, place, reason, due_at, waited, moved_at, stage, partition,
  record_offset, entry
)
SELECT moved.* FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::interval[],
  $7::timestamptz[], $8::smallint[], $9::integer[], $10::bigint[], $11::integer[]
) AS moved (
  contact_id, release_id, place, reason, due_at, waited, moved_at, stage, partition,
  record_offset, entry
)
-- A contact that was only ever refused does not enter the bank.
WHERE moved.place <> 'refused'
   OR EXISTS (SELECT FROM seatline.contact AS kept WHERE kept.contact_id = moved.contact_id)
ON CONFLICT (contact_id) DO UPDATE
SET release_id = excluded.release_id, place = excluded.place, reason = excluded.reason,
    due_at = excluded.due_at, waited = excluded.waited, moved_at = excluded.moved_at,
    stage = excluded.stage, partition = excluded.partition,
    record_offset = excluded.record_offset, entry = excluded.entry
WHERE known.release_id IS NULL
   OR (known.release_id, known.stage, known.record_offset, known.entry)
    < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
RETURNING 1
