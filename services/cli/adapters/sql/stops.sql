SELECT partition, payload
FROM seatline.decision
WHERE ordered_at IS NOT NULL AND kind IN ('stop_applied', 'stop_lifted')
ORDER BY partition, record_offset, entry
