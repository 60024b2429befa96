UPDATE seatline.contact_state
SET place = 'returned', reason = 'logs_lost', moved_at = $1
WHERE place IN ('routed', 'queued', 'offered', 'confirmed', 'on_call', 'wrap_up')
