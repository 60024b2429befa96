INSERT INTO seatline.outcome AS ended (
  contact_id, release_id, attempt, seat_id, centre_id, session_id, disposition, offered_at,
  confirmed_at, ended_at, partition, record_offset, entry, talk, attempt_spent
)
SELECT * FROM unnest($1::seatline.outcome_row[])
ON CONFLICT (contact_id, release_id) DO NOTHING
RETURNING partition, record_offset, entry,
          EXISTS (SELECT FROM seatline.outcome_amendment AS word
                  WHERE (word.contact_id, word.release_id) = (ended.contact_id, ended.release_id)
          ) AS has_words
