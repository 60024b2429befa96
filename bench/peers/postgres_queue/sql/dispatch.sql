SELECT news, contact_id, attempt, caller_id
FROM dispatch($1)
