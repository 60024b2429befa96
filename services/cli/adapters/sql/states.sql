-- The centre's partition is asked for only where it matters: few contacts are routed and no more.
SELECT s.contact_id, s.release_id, s.place, s.stage, s.partition, s.record_offset, s.entry,
       CASE WHEN s.place = 'routed' THEN (
         SELECT d.payload
         FROM seatline.decision AS d
         WHERE d.contact_id = s.contact_id
           AND d.topic = 'seatline.rulings.v1' AND d.partition = s.partition
           AND d.record_offset = s.record_offset AND d.entry = s.entry
         LIMIT 1
       ) END AS ruling
FROM seatline.contact_state AS s
