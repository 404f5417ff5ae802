"""Signatures by which a receiver knows that a call is ours, and that it is not an old one.

Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, by each secret in turn, so that
secrets can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class SecretMalformed(ValueError):
    """A secret is not `whsec_` with 24 to 64 bytes in base64."""


def secret_bytes(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        SecretMalformed: it is none; its text is not repeated.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise SecretMalformed(f"a webhook secret is {PREFIX} with 24 to 64 bytes in base64")
    return key


def signed(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a call.

    Args:
        keys: the newest first.
        timestamp: of the attempt, seconds since 1970.
    """
    said = f"{message_id}.{timestamp}.".encode() + body
    signatures = (hmac.new(key, said, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }
