SELECT contact_id, release_id, attempt, session_id, centre_id, confirmed_at, partition,
       record_offset, entry
FROM seatline.live_assignment
WHERE contact_id = ANY ($1::text[])
