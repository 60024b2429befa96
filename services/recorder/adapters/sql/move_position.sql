-- One row for each partition, or the batch is not ours to write (rule 6.1).
UPDATE seatline.recorder_position AS position
SET next_offset = moved.after, epoch = moved.epoch, owner = moved.owner, seq = moved.seq,
    log_time = moved.log_time
FROM unnest(
  $1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[],
  $8::bigint[], $9::timestamptz[]
) AS moved (topic, partition, expected, reader_epoch, after, epoch, owner, seq, log_time)
WHERE position.topic = moved.topic
  AND position.partition = moved.partition
  AND position.reader_epoch = moved.reader_epoch
  AND position.next_offset = moved.expected
RETURNING position.topic, position.partition
