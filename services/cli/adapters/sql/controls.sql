-- The newest requests since a moment, and everything behind the oldest of them.
SELECT topic, partition, at, payload
FROM seatline.control
WHERE at >= (
  SELECT coalesce(min(at), 'infinity')
  FROM (
    SELECT at
    FROM seatline.control
    WHERE kind = 'request' AND at >= $1
    ORDER BY at DESC
    LIMIT $2
  ) newest
)
ORDER BY topic, partition, record_offset
