-- Another reader epoch: a recorder that is alive all the same writes nothing more.
UPDATE seatline.recorder_position AS position
SET topic_id = new.topic_id, offset_base = position.offset_base + position.next_offset,
    next_offset = 0, next_index = 0, epoch = NULL, owner = NULL, seq = NULL, log_time = NULL,
    reader_epoch = position.reader_epoch + 1
FROM unnest($1::text[], $2::text[]) AS new (topic, topic_id)
WHERE position.topic = new.topic
