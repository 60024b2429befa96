-- The centre's partition is asked for only where it matters: few contacts are routed and no more.
-- Offsets are those of the logs: of a lost one they are below 0, and what was open there is closed.
SELECT s.contact_id, s.release_id, s.place, s.stage, s.partition,
       s.record_offset - coalesce(log.offset_base, 0) AS record_offset, s.entry,
       CASE WHEN s.place = 'routed' THEN (
         SELECT d.payload
         FROM seatline.decision AS d
         WHERE d.contact_id = s.contact_id
           AND d.topic = 'seatline.rulings.v1' AND d.partition = s.partition
           AND d.record_offset = s.record_offset AND d.entry = s.entry
         LIMIT 1
       ) END AS ruling
FROM seatline.contact_state AS s
LEFT JOIN seatline.recorder_position AS log
  ON log.partition = s.partition
 AND log.topic = CASE s.stage WHEN 2 THEN 'seatline.facts.v1' ELSE 'seatline.rulings.v1' END
