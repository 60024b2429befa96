UPDATE seatline.outcome AS known
SET disposition = amended.disposition
FROM unnest($1::text[], $2::bigint[], $3::text[]) AS amended (contact_id, release_id, disposition)
WHERE known.contact_id = amended.contact_id
  AND known.release_id = amended.release_id
RETURNING 1
