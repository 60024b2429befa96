SELECT count(*) FILTER (WHERE fate = 'release' AND sent_at IS NOT NULL) AS released,
       count(*) FILTER (WHERE fate = 'release' AND released_at IS NULL AND bank.due_at IS NOT NULL)
         AS waiting,
       min(lost.not_before) FILTER (
         WHERE fate = 'release' AND released_at IS NULL AND bank.due_at IS NOT NULL) AS next_due_at
FROM seatline.recovered AS lost
LEFT JOIN seatline.contact AS bank USING (contact_id)
WHERE recovery_id = $1
