-- migrate:up

-- Repeats are kept from now on: which word is one is known only when all that came before it in
-- time is recorded, and partitions are recorded in no common order.
ALTER TABLE seatline.outcome_amendment
  DROP CONSTRAINT outcome_amendment_verdict_check,
  ADD CONSTRAINT outcome_amendment_verdict_check
    CHECK (verdict IN ('amended', 'repeated', 'unmatched'));
COMMENT ON TABLE seatline.outcome_amendment IS
  'Later words on an outcome: those that changed it, repeats, and those that fit no attempt so far.';

-- Words that were recorded before the end that they belong to changed nothing. The last counts.
WITH late AS (
  SELECT DISTINCT ON (word.contact_id, word.release_id)
         word.partition, word.record_offset, word.entry, word.contact_id, word.release_id,
         word.disposition, ended.disposition AS replaced
  FROM seatline.outcome_amendment AS word
  JOIN seatline.outcome AS ended USING (contact_id, release_id, attempt)
  WHERE word.verdict = 'unmatched'
    AND word.session_id IS NOT DISTINCT FROM ended.session_id
    AND NOT EXISTS (
      SELECT FROM seatline.outcome_amendment AS other
      WHERE (other.contact_id, other.release_id) = (word.contact_id, word.release_id)
        AND other.verdict = 'amended'
    )
  ORDER BY word.contact_id, word.release_id, word.amended_at DESC, word.partition DESC,
           word.record_offset DESC, word.entry DESC
), judged AS (
  UPDATE seatline.outcome_amendment AS word
  SET verdict = CASE WHEN late.disposition = late.replaced THEN 'repeated' ELSE 'amended' END,
      replaced = late.replaced
  FROM late
  WHERE (word.partition, word.record_offset, word.entry)
      = (late.partition, late.record_offset, late.entry)
)
UPDATE seatline.outcome AS ended
SET disposition = late.disposition
FROM late
WHERE (ended.contact_id, ended.release_id) = (late.contact_id, late.release_id);

-- migrate:down

DELETE FROM seatline.outcome_amendment WHERE verdict = 'repeated';
ALTER TABLE seatline.outcome_amendment
  DROP CONSTRAINT outcome_amendment_verdict_check,
  ADD CONSTRAINT outcome_amendment_verdict_check CHECK (verdict IN ('amended', 'unmatched'));
COMMENT ON TABLE seatline.outcome_amendment IS
  'Later words on an outcome that changed it, or that fit no attempt; repeats are not kept.';
