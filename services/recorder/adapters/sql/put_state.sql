INSERT INTO seatline.contact_state AS known (
  contact_id, release_id, place, reason, seat_id, centre_id, session_id, attempt, map_version,
  policy_version, moved_at, stage, partition, record_offset, entry
)
SELECT * FROM unnest($1::seatline.contact_state_row[])
ON CONFLICT (contact_id, release_id) DO UPDATE
SET place = excluded.place, reason = excluded.reason,
    seat_id = coalesce(excluded.seat_id, known.seat_id),
    centre_id = coalesce(excluded.centre_id, known.centre_id),
    session_id = excluded.session_id, attempt = excluded.attempt,
    map_version = coalesce(excluded.map_version, known.map_version),
    policy_version = coalesce(excluded.policy_version, known.policy_version),
    moved_at = excluded.moved_at, stage = excluded.stage, partition = excluded.partition,
    record_offset = excluded.record_offset, entry = excluded.entry
WHERE (known.stage, known.record_offset, known.entry)
    < (excluded.stage, excluded.record_offset, excluded.entry)
RETURNING 1
