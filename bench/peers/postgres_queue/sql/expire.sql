-- By the callers who hold one: they are few beside the contacts, and no index has to be kept for it.
WITH overdue AS MATERIALIZED (
  SELECT contact.contact_id, contact.caller_id, contact.attempt
  FROM caller
  JOIN contact USING (contact_id)
  WHERE contact.state = 'offered' AND contact.offered_at < clock_timestamp() - $1::interval
  FOR UPDATE OF contact SKIP LOCKED
), back AS (
  UPDATE contact
  SET state = 'waiting', waiting = true, caller_id = NULL
  FROM overdue
  WHERE contact.contact_id = overdue.contact_id
)
UPDATE caller
SET contact_id = NULL, idle_since = clock_timestamp()
FROM overdue
WHERE caller.caller_id = overdue.caller_id
RETURNING overdue.contact_id, overdue.caller_id, overdue.attempt
