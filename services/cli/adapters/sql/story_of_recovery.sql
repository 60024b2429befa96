SELECT lost.recovery_id, lost.release_id, lost.place, lost.session_id, lost.fate, lost.not_before,
       lost.new_release, again.begun_at
FROM seatline.recovered AS lost
JOIN seatline.recovery AS again USING (recovery_id)
WHERE lost.contact_id = $1
ORDER BY lost.recovery_id
