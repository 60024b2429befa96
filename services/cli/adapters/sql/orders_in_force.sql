SELECT DISTINCT ON (partition, kind) partition, payload
FROM seatline.decision
WHERE kind IN ('map_applied', 'policy_applied')
ORDER BY partition, kind, record_offset DESC, entry DESC
