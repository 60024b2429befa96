INSERT INTO seatline.control (topic, partition, record_offset, at, kind, payload)
SELECT * FROM unnest(
  $1::text[], $2::integer[], $3::bigint[], $4::timestamptz[], $5::text[], $6::bytea[]
)
RETURNING 1
