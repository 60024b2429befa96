"""A digest of a set that does not depend on order, and follows each change at the same cost.

The digest of nothing is 0, that of a set the sum of its members' `digest_of_one`, modulo 2^64.
"""

import hashlib

_MODULUS = 2**64
_BYTES = 8


def digest_of_one(member: bytes) -> int:
    """Return the first eight bytes of SHA-256 (FIPS 180-4), read as a big-endian number."""
    return int.from_bytes(hashlib.sha256(member).digest()[:_BYTES], "big")


def with_member(digest: int, member: bytes) -> int:
    """Return the digest once a member has come to a set that did not have it."""
    return (digest + digest_of_one(member)) % _MODULUS


def without_member(digest: int, member: bytes) -> int:
    """Return the digest once a member has left a set that had it."""
    return (digest - digest_of_one(member)) % _MODULUS
