SELECT topic, partition, next_offset, epoch, owner, seq
FROM seatline.recorder_position
