CREATE FUNCTION finish(
  contacts bigint[], callers integer[], attempts smallint[], dispositions text[],
  resting boolean[], centres smallint[]
) RETURNS SETOF told
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY
  WITH ended AS (
    UPDATE contact
    SET state = 'ended', disposition = given.disposition, ended_at = clock_timestamp()
    FROM unnest(contacts, callers, attempts, dispositions, resting)
      AS given (contact_id, caller_id, attempt, disposition, rests)
    WHERE contact.contact_id = given.contact_id
      AND contact.caller_id = given.caller_id
      AND contact.attempt = given.attempt
      AND contact.state IN ('confirmed', 'wrap_up')
    RETURNING contact.contact_id, contact.attempt, contact.caller_id, given.rests
  ), freed AS (
    UPDATE caller
    SET contact_id = NULL, idle_since = CASE WHEN NOT ended.rests THEN clock_timestamp() END
    FROM ended
    WHERE caller.caller_id = ended.caller_id
  )
  SELECT 'saved', ended.contact_id, ended.attempt, ended.caller_id FROM ended;
  RETURN QUERY SELECT * FROM dispatch(centres);
END
$$
