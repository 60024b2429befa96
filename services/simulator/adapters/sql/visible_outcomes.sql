-- Outcomes that another connection can see.
SELECT contact_id, attempt FROM seatline.outcome WHERE contact_id = ANY ($1::text[]);
