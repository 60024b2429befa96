-- Of the partitions that this recorder still holds. One that was published by its contact alone
-- comes once more when the bank has learnt whose contact it is.
SELECT open.topic, open.partition, open.record_offset, open.entry,
       coalesce(open.person_key, bank.person_key) AS person_key, open.contact_id, open.kind,
       count(*) OVER () AS total
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS mine (topic, partition, reader_epoch)
JOIN seatline.recorder_position USING (topic, partition, reader_epoch)
JOIN seatline.withdrawal AS open USING (topic, partition)
LEFT JOIN seatline.contact AS bank USING (contact_id)
WHERE (open.published_at IS NULL OR open.person_key IS NULL)
  AND (open.published_at IS NULL OR bank.person_key IS NOT NULL)
ORDER BY open.given_at, open.topic, open.partition, open.record_offset, open.entry
LIMIT $4::integer
