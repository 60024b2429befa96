-- Apart from the move, whose order an end that is read late has lost: a maximum has no order.
UPDATE seatline.contact AS known
SET not_before = ended.not_before
FROM unnest($1::text[], $2::timestamptz[]) AS ended (contact_id, not_before)
WHERE known.contact_id = ended.contact_id
  AND coalesce(known.not_before, '-infinity') < ended.not_before
RETURNING 1
