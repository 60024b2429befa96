"""Ids in the form in which the recorder keeps them, so that logs and rows can be compared."""

import hashlib

TEXT_MAX = 200
BIGINT_MAX = 2**63 - 1


def recorded_text(text: str) -> str:
    """Return an id as Postgres holds it: what is too long or has a NUL is cut and given a digest.

    The rule is the recorder's; an integration test holds the two together.
    """
    if len(text) <= TEXT_MAX and "\0" not in text:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[:64].replace(chr(0), chr(0xFFFD))}~{digest}"


def recorded_release(release: int) -> int:
    """Return a release number as a bigint holds it."""
    return min(release, BIGINT_MAX)
