SELECT partition, payload
FROM seatline.decision
WHERE kind IN ('map_applied', 'policy_applied', 'stop_applied', 'stop_lifted')
ORDER BY partition, record_offset, entry
