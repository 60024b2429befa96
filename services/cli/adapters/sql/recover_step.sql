UPDATE seatline.recovery
SET withdrawn_at = CASE WHEN $2 = 'withdrawn' THEN clock_timestamp() ELSE withdrawn_at END,
    stopped_at = CASE WHEN $2 = 'stopped' THEN clock_timestamp() ELSE stopped_at END,
    marked_at = CASE WHEN $2 = 'marked' THEN clock_timestamp() ELSE marked_at END,
    mapped_at = CASE WHEN $2 = 'mapped' THEN clock_timestamp() ELSE mapped_at END
WHERE recovery_id = $1
