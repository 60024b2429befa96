SELECT news, contact_id, attempt, caller_id
FROM finish($1, $2, $3, $4, $5, $6)
