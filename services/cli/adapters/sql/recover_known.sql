-- What is over for good is left out: there is most of it.
SELECT s.contact_id, s.release_id, s.place, s.session_id, s.centre_id, s.attempt, s.moved_at,
       coalesce(c.moved_at - coalesce(c.waited, interval '0'), s.moved_at) AS waits_since,
       c.due_at, c.not_before, c.sealed IS NOT NULL AS has_text,
       live.contact_id IS NOT NULL AS in_call,
       coalesce(c.reason = 'released' AND c.stage = 0 AND c.release_id > s.release_id, false)
         AS is_released,
       c.person_key
FROM (
  SELECT DISTINCT ON (contact_id) *
  FROM seatline.contact_state
  WHERE stage > 0
  ORDER BY contact_id, release_id DESC
) AS s
LEFT JOIN seatline.contact AS c USING (contact_id)
LEFT JOIN seatline.live_assignment AS live USING (contact_id)
WHERE s.place NOT IN ('ended', 'refused')
   OR (s.place = 'ended' AND c.due_at IS NOT NULL)
   OR live.contact_id IS NOT NULL
   OR (c.reason = 'released' AND c.stage = 0 AND c.release_id > s.release_id)
