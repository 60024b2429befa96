SELECT topic, partition, newest.record_offset, entry, at, payload,
       newest.record_offset - coalesce(log.offset_base, 0) AS log_offset
FROM (
  SELECT topic, partition, record_offset, entry, at, payload
  FROM seatline.decision
  WHERE session_id = $1
  ORDER BY at DESC, record_offset DESC, entry DESC
  LIMIT $2
) AS newest
LEFT JOIN seatline.recorder_position AS log USING (topic, partition)
ORDER BY at, topic DESC, partition, newest.record_offset, entry
