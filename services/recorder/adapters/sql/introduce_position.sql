INSERT INTO seatline.recorder_position (topic, partition, topic_id, reader_epoch)
SELECT topic, partition, topic_id, 0
FROM unnest($1::text[], $2::integer[], $3::text[]) AS wanted (topic, partition, topic_id)
ON CONFLICT (topic, partition) DO NOTHING
