INSERT INTO seatline.contact AS known (
  contact_id, content_release, person_key, seat_id, segment_id, language, campaign, priority,
  wanted_at, sealed
)
SELECT * FROM unnest(
  $1::text[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::integer[], $9::timestamptz[], $10::bytea[]
)
ON CONFLICT (contact_id) DO UPDATE
SET content_release = excluded.content_release, person_key = excluded.person_key,
    seat_id = excluded.seat_id, segment_id = excluded.segment_id, language = excluded.language,
    campaign = excluded.campaign, priority = excluded.priority, wanted_at = excluded.wanted_at,
    sealed = excluded.sealed
WHERE coalesce(known.content_release, -1) < excluded.content_release
RETURNING 1
