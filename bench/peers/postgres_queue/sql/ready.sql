UPDATE caller
SET idle_since = clock_timestamp()
FROM unnest($1::integer[]) AS rested (caller_id)
WHERE caller.caller_id = rested.caller_id AND caller.contact_id IS NULL
RETURNING caller.caller_id
