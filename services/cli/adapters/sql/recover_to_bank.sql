-- What a hand or its sender must release is not due.
UPDATE seatline.contact AS bank
SET place = CASE WHEN bank.place = 'routed' THEN 'returned' ELSE bank.place END,
    reason = CASE WHEN bank.place = 'routed' OR lost.fate = 'human' THEN 'logs_lost'
                  ELSE bank.reason END,
    due_at = CASE WHEN lost.fate = 'release' THEN lost.not_before END,
    not_before = CASE WHEN lost.fate = 'human' THEN greatest(bank.not_before, $2)
                      ELSE bank.not_before END
FROM seatline.recovered AS lost
WHERE lost.recovery_id = $1
  AND lost.contact_id = bank.contact_id
  AND lost.fate <> 'later'
