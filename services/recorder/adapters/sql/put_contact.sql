-- A contact's content, the earliest time of its next release, and where it stands move each by a rule
-- of its own: an end that is read late has lost its turn to move, and its not_before still counts.
INSERT INTO seatline.contact AS known (
  contact_id, content_release, person_key, seat_id, segment_id, language, campaign, priority,
  wanted_at, sealed, not_before, release_id, place, reason, due_at, waited, moved_at, stage,
  partition, record_offset, entry
)
SELECT new.* FROM unnest(
  $1::text[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::integer[], $9::timestamptz[], $10::bytea[], $11::timestamptz[], $12::bigint[], $13::text[],
  $14::text[], $15::timestamptz[], $16::interval[], $17::timestamptz[], $18::smallint[],
  $19::integer[], $20::bigint[], $21::integer[]
) AS new (
  contact_id, content_release, person_key, seat_id, segment_id, language, campaign, priority,
  wanted_at, sealed, not_before, release_id, place, reason, due_at, waited, moved_at, stage,
  partition, record_offset, entry
)
-- A contact that was only ever refused does not enter the bank.
WHERE new.place <> 'refused'
   OR new.content_release IS NOT NULL
   OR EXISTS (SELECT FROM seatline.contact AS kept WHERE kept.contact_id = new.contact_id)
ON CONFLICT (contact_id) DO UPDATE
SET content_release = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.content_release ELSE known.content_release END,
    person_key = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.person_key ELSE known.person_key END,
    seat_id = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.seat_id ELSE known.seat_id END,
    segment_id = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.segment_id ELSE known.segment_id END,
    language = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.language ELSE known.language END,
    campaign = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.campaign ELSE known.campaign END,
    priority = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.priority ELSE known.priority END,
    wanted_at = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.wanted_at ELSE known.wanted_at END,
    sealed = CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
      THEN excluded.sealed ELSE known.sealed END,
    not_before = greatest(known.not_before, excluded.not_before),
    release_id = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.release_id ELSE known.release_id END,
    place = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.place ELSE known.place END,
    reason = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.reason ELSE known.reason END,
    due_at = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.due_at ELSE known.due_at END,
    waited = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.waited ELSE known.waited END,
    moved_at = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.moved_at ELSE known.moved_at END,
    stage = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.stage ELSE known.stage END,
    partition = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.partition ELSE known.partition END,
    record_offset = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.record_offset ELSE known.record_offset END,
    entry = CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
      THEN excluded.entry ELSE known.entry END
WHERE excluded.content_release > coalesce(known.content_release, -1)
   OR excluded.not_before > coalesce(known.not_before, '-infinity')
   OR (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
RETURNING 1
