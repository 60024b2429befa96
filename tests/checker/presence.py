"""Which streams a gateway has, as its digest tells (rule 4.7)."""

from functools import lru_cache
from hashlib import sha256

from tests.checker.findings import rule
from tests.checker.sight import Sight


@rule("promise 3, 4.7")
def agrees_wrongly(seen: Sight) -> str | None:
    """A gateway agrees only by the digest of the streams that are bound to it."""
    if seen.kind != "gateway_seen" or not seen.body.agrees:
        return None
    boot_id = seen.body.boot_id
    sessions = seen.floor.sessions.values()
    bound = [each.nonce for each in sessions if each.boot_id == boot_id and each.is_present]
    told = seen.heard.digests.get(boot_id, set())
    if sum(map(_head, bound)) % 2**64 in told or not seen.heard.is_whole:
        return None
    return f"gateway {boot_id.hex()} never told the digest of the {len(bound)} bound to it"


@lru_cache(1 << 16)
def _head(nonce: bytes) -> int:
    return int.from_bytes(sha256(nonce).digest()[:8], "big")
