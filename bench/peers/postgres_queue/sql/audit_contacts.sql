SELECT contact_id, state::text, attempt, caller_id, confirms, offered_at, ended_at
FROM contact
