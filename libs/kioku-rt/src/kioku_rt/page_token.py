"""A page token cannot be changed, nor used with another owner or another query.

It is `base64url(mac | payload)`: the payload says after which row the next page starts, and the mac
(HMAC-SHA256, 128 bits) covers the payload and a scope, which is whatever the page belongs to.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

_MAC_BYTES = 16
_MAX_CHARACTERS = 512


def scope_of(*parts: object) -> bytes:
    """Digest of everything a page belongs to: purpose, owner, filter, query.

    Args:
        parts: values whose `repr` says all of them and is the same in every process.
    """
    return hashlib.sha256(repr(parts).encode()).digest()


class PageTokens:
    """Signs and reads tokens.

    Args:
        secret: at least 16 bytes, the same in every process of the service.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _MAC_BYTES:
            raise ValueError("the page token secret has less than 16 bytes")
        self._secret = secret

    def sign(self, scope: bytes, position: list[Any]) -> str:
        """A token that says `position`, a list of JSON values, within `scope`."""
        payload = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(scope, payload) + payload).decode().rstrip("=")

    def read(self, scope: bytes, token: str) -> list[Any]:
        """The position a token of this scope says.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID for any other string.
        """
        raw = _decoded(token)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(scope, payload)):
            raise InvalidInput(Reason.PAGE_TOKEN_INVALID, field="page_token")
        position: list[Any] = json.loads(payload)
        return position

    def _mac(self, scope: bytes, payload: bytes) -> bytes:
        return hmac.digest(self._secret, scope + payload, "sha256")[:_MAC_BYTES]


def _decoded(token: str) -> bytes:
    if len(token) <= _MAX_CHARACTERS and token.isascii():
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") == token:
            return raw
    raise InvalidInput(Reason.PAGE_TOKEN_INVALID, field="page_token")
