SELECT fate, place, count(*) AS contacts
FROM seatline.recovered
WHERE recovery_id = $1
GROUP BY fate, place
