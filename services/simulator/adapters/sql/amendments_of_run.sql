-- Later words of a run on attempts that had ended.
SELECT contact_id, release_id, attempt FROM seatline.outcome_amendment
WHERE contact_id COLLATE "C" >= $1 AND contact_id COLLATE "C" < $2;
