SELECT recovery_id, begun_at, quiet_until, map_version, policy_version, withdrawn_at, stopped_at,
       marked_at, mapped_at
FROM seatline.recovery
ORDER BY recovery_id DESC
LIMIT 1
