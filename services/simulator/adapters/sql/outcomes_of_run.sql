-- What the recorder keeps of each ended release of a run.
SELECT contact_id, release_id, attempt FROM seatline.outcome
WHERE contact_id COLLATE "C" >= $1 AND contact_id COLLATE "C" < $2;
