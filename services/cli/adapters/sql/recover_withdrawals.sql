-- Whoever was ever withdrawn, by an order or in a call. Kinds of orders are in their facts.
SELECT 'opt_out' AS kind, coalesce(w.person_key, c.person_key) AS person_key, w.contact_id,
       NULL::bytea AS payload
FROM seatline.withdrawal AS w
LEFT JOIN seatline.contact AS c USING (contact_id)
UNION ALL
SELECT NULL, NULL, NULL, payload
FROM seatline.decision
WHERE kind = 'withdrawal_applied'
