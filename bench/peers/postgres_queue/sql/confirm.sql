UPDATE contact
SET state = 'confirmed', confirms = contact.confirms + 1, confirmed_at = clock_timestamp()
FROM unnest($1::bigint[], $2::integer[], $3::smallint[])
  AS held (contact_id, caller_id, attempt)
WHERE contact.contact_id = held.contact_id
  AND contact.caller_id = held.caller_id
  AND contact.attempt = held.attempt
  AND contact.state = 'accepted'
RETURNING contact.contact_id, contact.caller_id, contact.attempt, contact.sealed
