-- Waits for a transaction of the former recorder; after this its next one finds another epoch.
UPDATE seatline.recorder_position AS position
SET reader_epoch = position.reader_epoch + 1
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS wanted (topic, partition, held_epoch)
WHERE position.topic = wanted.topic
  AND position.partition = wanted.partition
  AND (
    wanted.held_epoch IS NULL
    OR position.reader_epoch BETWEEN wanted.held_epoch AND wanted.held_epoch + $4::integer
  )
RETURNING position.topic, position.partition, position.topic_id, position.next_offset,
          position.epoch, position.owner, position.seq, position.log_time, position.reader_epoch,
          position.offset_base
