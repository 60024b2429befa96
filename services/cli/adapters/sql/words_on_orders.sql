-- So many orders, not so many rows: an order to all has one in each partition.
SELECT partition, payload
FROM seatline.decision
WHERE ordered_at >= $1 AND ordered_at IN (
  SELECT DISTINCT ordered_at
  FROM seatline.decision
  WHERE ordered_at >= $1
  ORDER BY ordered_at DESC
  LIMIT $2
)
ORDER BY ordered_at, partition, record_offset, entry
