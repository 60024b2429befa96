SELECT topic, partition, topic_id, next_offset, log_time
FROM seatline.recorder_position
ORDER BY topic, partition
