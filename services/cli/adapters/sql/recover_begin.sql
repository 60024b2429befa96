INSERT INTO seatline.recovery (
  recovery_id, begun_at, begun_by, why, quiet_until, map_version, policy_version
)
SELECT coalesce(max(recovery_id), 0) + 1, $1, $2, $3, $4, $5, $6
FROM seatline.recovery
RETURNING recovery_id
