-- A contact's content, the earliest time of its next release, and where it stands move each by a rule
-- of its own: an end that is read late has lost its turn to move, and its not_before still counts.
INSERT INTO seatline.contact AS known (
  contact_id, content_release, person_key, seat_id, segment_id, language, campaign, priority,
  wanted_at, sealed, not_before, release_id, place, reason, due_at, waited, moved_at, stage,
  partition, record_offset, entry
)
SELECT new.* FROM unnest($1::seatline.contact_row[]) AS new
-- A contact that was only ever refused does not enter the bank.
WHERE new.place <> 'refused'
   OR new.content_release IS NOT NULL
   OR EXISTS (SELECT FROM seatline.contact AS kept WHERE kept.contact_id = new.contact_id)
ON CONFLICT (contact_id) DO UPDATE
SET (content_release, person_key, seat_id, segment_id, language, campaign, priority, wanted_at,
     sealed) = (
      SELECT (content).content_release, (content).person_key, (content).seat_id,
             (content).segment_id, (content).language, (content).campaign, (content).priority,
             (content).wanted_at, (content).sealed
      FROM (SELECT CASE WHEN excluded.content_release > coalesce(known.content_release, -1)
                   THEN excluded ELSE known END AS content OFFSET 0) AS newest),
    not_before = greatest(known.not_before, excluded.not_before),
    (release_id, place, reason, due_at, waited, moved_at, stage, partition, record_offset, entry) = (
      SELECT (move).release_id, (move).place, (move).reason, (move).due_at, (move).waited,
             (move).moved_at, (move).stage, (move).partition, (move).record_offset, (move).entry
      FROM (SELECT CASE WHEN (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
                     < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
                   THEN excluded ELSE known END AS move OFFSET 0) AS latest)
WHERE excluded.content_release > coalesce(known.content_release, -1)
   OR excluded.not_before > coalesce(known.not_before, '-infinity')
   OR (coalesce(known.release_id, -1), known.stage, known.record_offset, known.entry)
      < (excluded.release_id, excluded.stage, excluded.record_offset, excluded.entry)
RETURNING 1
