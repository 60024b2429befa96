SELECT
  (SELECT place FROM seatline.contact_state WHERE contact_id = $1 AND release_id = $2) AS place,
  (SELECT max(release_id) FROM seatline.contact_state WHERE contact_id = $1) AS newest_release,
  (SELECT log_time
   FROM seatline.recorder_position
   WHERE topic = 'seatline.rulings.v1' AND partition = $3) AS log_time
