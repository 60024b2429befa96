SELECT caller_id, contact_id
FROM caller
WHERE contact_id IS NOT NULL
