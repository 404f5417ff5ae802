"""A compact JWS is accepted in its one canonical spelling only, under a key we chose.

RFC 7515 with the parts that let an attacker choose taken away: keys in the header (`jwk`, `jku`,
`x5c`, `x5u`) and header extensions (`crit`, `b64`, `zip`) are refused, never fetched; base64url
must be canonical (no padding, no trailing bits), JSON must have no duplicate names. The signature
itself is checked by PyJWT.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from kioku_rt.auth.keys import VerificationKey

MAX_TOKEN_BYTES = 8192
_MAX_KID_CHARACTERS = 256
_REFUSED_HEADERS = frozenset(
    ("jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "epk", "cty")
)
_ACCEPTED_TYPES = frozenset(("jwt", "at+jwt", "application/at+jwt"))


class NotAcceptable(Exception):
    """The token is not one we accept; its text is for our log, never for the caller."""


@dataclass(frozen=True)
class SignedToken:
    """A token taken apart, its signature not yet checked."""

    algorithm: str
    key_id: str | None
    signing_input: bytes
    payload: bytes
    signature: bytes


def parse(token: str) -> SignedToken:
    """Take a compact JWS apart without trusting it.

    Raises:
        NotAcceptable: too long, not three canonical base64url parts, or a header we refuse.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise NotAcceptable("too long")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise NotAcceptable("not three parts")
    header = strict_object(decode_base64url(parts[0]))
    algorithm, key_id = _check_header(header)
    return SignedToken(
        algorithm,
        key_id,
        signing_input=f"{parts[0]}.{parts[1]}".encode("ascii"),
        payload=decode_base64url(parts[1]),
        signature=decode_base64url(parts[2]),
    )


def check_signature(token: SignedToken, key: VerificationKey) -> None:
    """Check the signature; the key alone decides the algorithm.

    Raises:
        NotAcceptable: the algorithms differ, or the signature is not this key's.
    """
    if token.algorithm != key.algorithm:
        raise NotAcceptable("the header's algorithm is not the key's")
    if not key.verify(token.signing_input, token.signature):
        raise NotAcceptable("wrong signature")


def decode_base64url(text: str) -> bytes:
    """Decode unpadded base64url, refusing every spelling but the canonical one."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotAcceptable("not base64url") from None
    if encode_base64url(data) != text:
        raise NotAcceptable("base64url is not canonical")
    return data


def encode_base64url(data: bytes) -> str:
    """Encode as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def strict_object(data: bytes) -> dict[str, Any]:
    """Parse a JSON object without duplicate names, NaN or infinities."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        raise NotAcceptable("not strict JSON") from None
    if not isinstance(value, dict):
        raise NotAcceptable("not a JSON object")
    return value


def _check_header(header: dict[str, Any]) -> tuple[str, str | None]:
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise NotAcceptable("a header parameter we refuse")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str):
        raise NotAcceptable("alg is not a string")
    if key_id is not None and not (
        isinstance(key_id, str) and 0 < len(key_id) <= _MAX_KID_CHARACTERS
    ):
        raise NotAcceptable("kid is not a short string")
    if not isinstance(kind, str) or kind.lower() not in _ACCEPTED_TYPES:
        raise NotAcceptable("typ is not a JWT's")
    return algorithm, key_id


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate name")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number
