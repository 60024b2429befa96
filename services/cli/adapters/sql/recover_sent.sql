UPDATE seatline.recovered
SET sent_at = clock_timestamp()
WHERE recovery_id = $1 AND contact_id = ANY ($2::text[])
