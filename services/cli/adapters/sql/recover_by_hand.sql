-- With what a desk has said since: it keeps an outcome until it is saved.
SELECT lost.contact_id, lost.release_id, lost.place, lost.session_id, lost.centre_id, lost.moved_at,
       lost.fate,
       (SELECT word.disposition
        FROM seatline.outcome_amendment AS word
        WHERE (word.contact_id, word.release_id) = (lost.contact_id, lost.release_id)
        ORDER BY word.amended_at DESC
        LIMIT 1) AS said
FROM seatline.recovered AS lost
WHERE lost.recovery_id = $1 AND lost.fate IN ('human', 'sender')
ORDER BY lost.centre_id NULLS LAST, lost.moved_at, lost.contact_id
LIMIT $2
