SELECT topic, partition, next_offset, next_index
FROM seatline.recorder_position
ORDER BY topic, partition
