SELECT partition, record_offset, entry, contact_id, release_id, attempt, session_id, verdict,
       disposition, replaced, amended_at
FROM seatline.outcome_amendment
JOIN unnest($1::text[], $2::bigint[]) AS wanted (contact_id, release_id)
  USING (contact_id, release_id)
