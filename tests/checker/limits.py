"""How long each state may last: the table "state, limit, then" of `docs/architecture.md`."""

LEASE_MS = 20_000
DIAL_WINDOW_MS = 15_000
LATE_LOOK_MS = 1_000
"""Commands are read so far behind `dial_by` before `never_dialled` (rule 4.5)."""
DESK_SILENCE_MS = 30_000
CALL_MS = 3_600_000
GONE_GRACE_MS = 90_000
SUSPECT_MS = 10_000
MAP_WAIT_MS = 10_000

HEARTBEAT_MAX_MS = 2_000
"""An owner writes at least once a second (rule 1.5): after more silence than this it was away, and
what became due meanwhile is due anew from its first record on."""
TAKEOVERS_MS = 60_000
"""So long a takeover counts against the next (rule 1.5)."""
TAKEOVERS_MAX = 5
"""So many takeovers, and no more, lengthen the silence that is asked for."""
BEHIND_MS = 1_000
"""Commands are behind while one that is older than this is undecided (rule 2.2)."""
GRACE_MS = 5_000
"""So much later than its limit an owner that is there and not behind must have acted."""

ENTRIES_MAX = 500
BYTES_MAX = 256_000
HEADER_MAX = 64_000
"""Room for positions, failures and the last entry of a record."""
READER_VERSION = 1
