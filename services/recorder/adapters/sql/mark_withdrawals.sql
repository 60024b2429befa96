UPDATE seatline.withdrawal AS open
SET published_at = coalesce(open.published_at, clock_timestamp()),
    person_key = coalesce(open.person_key, sent.person_key)
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::bytea[])
  AS sent (topic, partition, record_offset, entry, person_key)
WHERE (open.topic, open.partition, open.record_offset, open.entry)
    = (sent.topic, sent.partition, sent.record_offset, sent.entry)
