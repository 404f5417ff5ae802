"""Signs tokens for development only; its private key is readable by its owner alone.

It stands in for the real identity provider on one machine: the folder holds `jwks.json` (read by
Envoy and the services), the private key, and one token file for each service. The production
profile refuses it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

DEV_ISSUER = "kioku-dev"
DEV_AUDIENCE = "authenticated"
SERVICE_TOKEN_SECONDS = 900.0
_ALGORITHM = "ES256"


class DevIssuer:
    """An ES256 key, its published half, and a mint.

    Args:
        folder: where key, key set and tokens live; made when missing, for its owner alone.
        issuer: the `iss` of its tokens.
        audience: the `aud` of its tokens.
        profile: the runtime profile; `production` is refused.
        clock: seconds since the epoch.

    Raises:
        ValueError: in the production profile.
    """

    def __init__(
        self,
        folder: Path,
        *,
        issuer: str = DEV_ISSUER,
        audience: str = DEV_AUDIENCE,
        profile: str = "development",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if profile == "production":
            raise ValueError("the development issuer is refused in the production profile")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.issuer = issuer
        self.audience = audience
        self.jwks_path = folder / "jwks.json"
        self._folder = folder
        self._clock = clock
        self._key = _load_or_make(folder / "issuer-key.pem")
        public = _public_jwk(self._key)
        self._key_id = str(public["kid"])
        # The key set is public: Envoy and services may run as other users.
        write_atomically(self.jwks_path, json.dumps({"keys": [public]}), mode=0o644)

    def mint(
        self,
        subject: str,
        *,
        service: bool = False,
        scopes: Iterable[str] = (),
        ttl: float = 3600.0,
    ) -> str:
        """Sign a token.

        Args:
            subject: a user's id, or a service's name.
            service: give it the role `service_role`.
            scopes: what it may do, for example `search.act`.
            ttl: seconds until it expires; may be negative for a test.
        """
        now = int(self._clock())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "role": "service_role" if service else "authenticated",
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": int(now + ttl),
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})

    def service_token_path(self, name: str) -> Path:
        """Say where the token of the service `name` lies."""
        return self._folder / "tokens" / f"{name}.jwt"


def write_service_token(
    issuer: DevIssuer, name: str, scopes: Iterable[str], ttl: float = SERVICE_TOKEN_SECONDS
) -> Path:
    """Put a fresh token for the service `name` in its file and give the path."""
    path = issuer.service_token_path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, issuer.mint(name, service=True, scopes=scopes, ttl=ttl), mode=0o600)
    return path


async def keep_service_tokens_fresh(
    issuer: DevIssuer,
    services: Mapping[str, Iterable[str]],
    stop: asyncio.Event,
    ttl: float = SERVICE_TOKEN_SECONDS,
) -> None:
    """Renew every service's token at a third of its life, so that two renewals may fail.

    Args:
        issuer: signs them.
        services: scopes by service name.
        stop: ends the loop.
        ttl: seconds each token lives.
    """
    wanted = {name: tuple(scopes) for name, scopes in services.items()}
    while not stop.is_set():
        for name, scopes in wanted.items():
            write_service_token(issuer, name, scopes, ttl)
        try:
            await asyncio.wait_for(stop.wait(), ttl / 3)
        except TimeoutError:
            continue


def write_atomically(path: Path, text: str, *, mode: int) -> None:
    """Write so that a reader sees the old text or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.fchmod(handle, mode)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _load_or_make(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return _make(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} holds another kind of key; remove it to make a new one")  # noqa: TRY004
    return key


def _make(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_atomically(path, pem.decode("ascii"), mode=0o600)
    return key


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Describe the public half; its id is its RFC 7638 thumbprint, so that it never changes."""
    jwk: dict[str, Any] = dict(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True))
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    kid = hashlib.sha256(canonical).hexdigest()[:32]
    return {**members, "kid": kid, "alg": _ALGORITHM, "use": "sig", "key_ops": ["verify"]}
