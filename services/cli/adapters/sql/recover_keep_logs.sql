INSERT INTO seatline.lost_log
SELECT $1, topic, partition, topic_id, next_offset, offset_base, epoch, owner, seq, log_time
FROM seatline.recorder_position
