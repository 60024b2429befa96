WITH back AS (
  UPDATE contact
  SET state = 'waiting', waiting = true, caller_id = NULL
  FROM unnest($1::bigint[], $2::integer[], $3::smallint[])
    AS held (contact_id, caller_id, attempt)
  WHERE contact.contact_id = held.contact_id
    AND contact.caller_id = held.caller_id
    AND contact.attempt = held.attempt
    AND contact.state = 'offered'
  RETURNING held.contact_id, held.caller_id, held.attempt
)
UPDATE caller
SET contact_id = NULL, idle_since = clock_timestamp()
FROM back
WHERE caller.caller_id = back.caller_id
RETURNING back.contact_id, back.caller_id, back.attempt
