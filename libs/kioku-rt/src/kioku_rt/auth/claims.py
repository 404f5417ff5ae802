"""Claims are believed only when typed exactly as RFC 7519 says and in force now.

`exp`, `iss`, `aud` and `sub` are required; `nbf` and `iat` are honoured when there. `aud` must be
one string: a token for several audiences may be replayed between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kioku_rt.auth.jws import NotAcceptable
from kioku_rt.auth.principal import Principal, acceptable_subject

_SERVICE_ROLE = "service_role"
_MAX_SCOPES = 64


class Expired(NotAcceptable):
    """The token was good and is no longer."""


@dataclass(frozen=True)
class ClaimRules:
    """What a token must say: the exact issuer and audience; leeway in seconds for clocks."""

    issuer: str
    audience: str
    leeway: float


def check_times(claims: Mapping[str, Any], now: float, leeway: float) -> float:
    """Check `exp`, `nbf` and `iat` and give `exp`, all in seconds since the epoch.

    Raises:
        Expired: `exp` has passed by more than the leeway.
        NotAcceptable: `exp` is missing, a time is not a number, or the token is of the future.
    """
    expires = _number(claims, "exp")
    if expires is None:
        raise NotAcceptable("exp is missing")
    for name in ("nbf", "iat"):
        start = _number(claims, name)
        if start is not None and start > now + leeway:
            raise NotAcceptable(f"{name} is in the future")
    if expires <= now - leeway:
        raise Expired("exp has passed")
    return expires


def principal_of(claims: Mapping[str, Any], rules: ClaimRules, fingerprint: str) -> Principal:
    """Check who the token is from and for, and give whom it speaks for.

    Args:
        claims: the payload.
        rules: the issuer and audience it must name.
        fingerprint: names the token in logs when it has no `jti`.

    Raises:
        NotAcceptable: another issuer or audience, or a subject, role or scope of the wrong type.
    """
    if claims.get("iss") != rules.issuer:
        raise NotAcceptable("another issuer")
    if claims.get("aud") != rules.audience:
        raise NotAcceptable("another audience")
    subject, token_id = claims.get("sub"), claims.get("jti")
    if not isinstance(subject, str) or not acceptable_subject(subject):
        raise NotAcceptable("no acceptable subject")
    usable_id = isinstance(token_id, str) and acceptable_subject(token_id)
    return Principal(
        subject=subject,
        service=_text(claims, "role") == _SERVICE_ROLE,
        scopes=_scopes(_text(claims, "scope")),
        token_id=str(token_id) if usable_id else fingerprint,
    )


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAcceptable(f"{name} is not a number")
    try:
        return float(value)
    except OverflowError:
        raise NotAcceptable(f"{name} is no time") from None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise NotAcceptable(f"{name} is not a string")
    return value


def _scopes(text: str) -> frozenset[str]:
    scopes = frozenset(text.split())
    if len(scopes) > _MAX_SCOPES:
        raise NotAcceptable("too many scopes")
    return scopes
