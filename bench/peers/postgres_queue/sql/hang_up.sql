UPDATE contact
SET state = 'wrap_up'
FROM unnest($1::bigint[], $2::integer[], $3::smallint[])
  AS held (contact_id, caller_id, attempt)
WHERE contact.contact_id = held.contact_id
  AND contact.caller_id = held.caller_id
  AND contact.attempt = held.attempt
  AND contact.state = 'confirmed'
RETURNING contact.contact_id, contact.caller_id, contact.attempt
