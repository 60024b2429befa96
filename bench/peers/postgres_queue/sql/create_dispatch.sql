-- Each round gives every touched centre one pair, until none is left or the limit of rounds is met:
-- what is left then is for the next call, so that no transaction grows long.
CREATE FUNCTION dispatch(centres smallint[]) RETURNS SETOF told
LANGUAGE plpgsql AS $$
BEGIN
  FOR round IN 1..16 LOOP
    RETURN QUERY
    WITH pair AS MATERIALIZED (
      SELECT found.contact_id, found.caller_id
      FROM (SELECT DISTINCT unnest(centres) AS centre_id) AS touched
      -- Else a long queue before no caller would be walked to its end. Not EXISTS, which may be
      -- planned as a join with all idle callers.
      CROSS JOIN LATERAL (
        SELECT FROM caller
        WHERE caller.centre_id = touched.centre_id AND caller.idle_since IS NOT NULL
        LIMIT 1
      ) AS anybody
      CROSS JOIN LATERAL (
        SELECT contact.contact_id, idle.caller_id
        FROM contact
        -- The caller is locked first: a contact without one is locked by nobody.
        CROSS JOIN LATERAL (
          SELECT caller.caller_id
          FROM caller
          WHERE caller.centre_id = touched.centre_id
            AND caller.idle_since IS NOT NULL
            AND caller.languages & contact.language = contact.language
          ORDER BY caller.idle_since
          LIMIT 1
          FOR UPDATE SKIP LOCKED
        ) AS idle
        WHERE contact.centre_id = touched.centre_id AND contact.waiting
        ORDER BY contact.priority DESC, contact.arrived_at
        LIMIT 1
        FOR UPDATE OF contact SKIP LOCKED
      ) AS found
    ), busy AS (
      UPDATE caller
      SET contact_id = pair.contact_id, idle_since = NULL
      FROM pair
      WHERE caller.caller_id = pair.caller_id
    )
    UPDATE contact
    SET waiting = false, state = 'offered', caller_id = pair.caller_id,
        attempt = contact.attempt + 1, offered_at = clock_timestamp()
    FROM pair
    WHERE contact.contact_id = pair.contact_id
    RETURNING 'offered', contact.contact_id, contact.attempt, contact.caller_id;
    EXIT WHEN NOT FOUND;
  END LOOP;
END
$$
