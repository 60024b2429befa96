SELECT news, contact_id, attempt, caller_id
FROM arrive($1, $2, $3, $4, $5)
