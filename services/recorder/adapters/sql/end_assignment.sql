DELETE FROM seatline.live_assignment
WHERE contact_id = ANY ($1::text[])
RETURNING 1
