SELECT contact_id, release_id
FROM seatline.conflict
ORDER BY id
