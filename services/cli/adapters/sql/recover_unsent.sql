SELECT lost.contact_id, lost.new_release, lost.valid_until, bank.person_key, bank.seat_id,
       bank.segment_id, bank.language, bank.campaign, bank.priority, bank.wanted_at, bank.sealed
FROM seatline.recovered AS lost
JOIN seatline.contact AS bank USING (contact_id)
WHERE lost.recovery_id = $1 AND lost.fate = 'release'
  AND lost.released_at IS NOT NULL AND lost.sent_at IS NULL
ORDER BY bank.priority DESC, lost.waits_since, lost.contact_id
LIMIT $2
