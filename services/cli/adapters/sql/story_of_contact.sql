SELECT topic, partition, record_offset, entry, at, payload
FROM (
  SELECT topic, partition, record_offset, entry, at, payload
  FROM seatline.decision
  WHERE contact_id = $1
  ORDER BY at DESC, record_offset DESC, entry DESC
  LIMIT $2
) AS newest
ORDER BY at, topic DESC, partition, record_offset, entry
