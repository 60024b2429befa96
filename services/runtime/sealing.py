"""Seal what identifies a person: AES-GCM-SIV (RFC 8452), one key file per stack.

AES-GCM-SIV keeps its secrecy when a nonce repeats, which several processes that draw random
nonces cannot rule out.
"""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_PERSON_KEY_BYTES = 16


class UnsealError(Exception):
    """The sealed bytes were made with another key or context, or were changed."""


class Sealer:
    """Seals, opens, and derives person keys with the key of one stack."""

    def __init__(self, key: bytes) -> None:
        """Derive the two keys in use from the stack's key.

        Args:
            key: 32 random bytes.

        Raises:
            ValueError: The key has another length.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {KEY_BYTES}")
        self._aead = AESGCMSIV(_derive(key, b"seatline seal v1"))
        self._person = _derive(key, b"seatline person key v1")

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """Read the stack's key file.

        Raises:
            OSError: The file cannot be read.
            ValueError: It does not hold exactly 32 bytes.
        """
        return cls(path.read_bytes())

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Return nonce and ciphertext, bound to `context` (usually the contact id)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return what was sealed under the same context.

        Raises:
            UnsealError: Not ours, changed, or another context. The message quotes nothing.
        """
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise UnsealError("sealed bytes could not be opened") from None

    def person_key(self, phone: str) -> bytes:
        """Return 16 bytes that are equal for equal numbers (E.164) and tell nothing else."""
        digest = hmac.new(self._person, phone.encode(), hashlib.sha256).digest()
        return digest[:_PERSON_KEY_BYTES]


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
