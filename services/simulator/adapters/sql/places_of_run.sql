-- Where the newest release of each contact of a run stands; ids of a run lie between two bounds.
SELECT DISTINCT ON (contact_id) contact_id, place
FROM seatline.contact_state
WHERE contact_id COLLATE "C" >= $1 AND contact_id COLLATE "C" < $2
ORDER BY contact_id, release_id DESC;
