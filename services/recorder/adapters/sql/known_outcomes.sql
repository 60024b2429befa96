SELECT contact_id, release_id, attempt, session_id, disposition
FROM seatline.outcome
JOIN unnest($1::text[], $2::bigint[]) AS wanted (contact_id, release_id)
  USING (contact_id, release_id)
