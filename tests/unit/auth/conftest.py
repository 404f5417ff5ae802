"""An issuer, and a mint for tokens that the issuer would never sign."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.auth.issuer import DEV_AUDIENCE, DEV_ISSUER
from kioku_rt.auth.jws import encode_base64url

NOW = 1_800_000_000.0
Forge = Callable[..., str]


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at a fixed time."""
    return Clock()


@pytest.fixture
def issuer(tmp_path: Path, clock: Clock) -> DevIssuer:
    """A development issuer on that clock."""
    return DevIssuer(tmp_path / "issuer", clock=clock)


@pytest.fixture
def verifier(issuer: DevIssuer, clock: Clock) -> TokenVerifier:
    """A verifier of its tokens."""
    return TokenVerifier(AuthConfig(DEV_ISSUER, jwks=str(issuer.jwks_path)), clock=clock)


@pytest.fixture
def forge(issuer: DevIssuer, tmp_path: Path) -> Forge:
    """Signs any header and claims with the issuer's real key; None removes a claim."""
    pem = (tmp_path / "issuer" / "issuer-key.pem").read_bytes()
    kid = json.loads(issuer.jwks_path.read_text())["keys"][0]["kid"]
    algorithm = jwt.get_algorithm_by_name("ES256")
    key = algorithm.prepare_key(pem)

    def sign(
        claims: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        raw_payload: bytes | None = None,
    ) -> str:
        head = {"alg": "ES256", "kid": kid, "typ": "JWT"} | (header or {})
        good = {"iss": DEV_ISSUER, "aud": DEV_AUDIENCE, "sub": "ada", "exp": NOW + 600}
        body = {k: v for k, v in (good | (claims or {})).items() if v is not None}
        payload = json.dumps(body).encode() if raw_payload is None else raw_payload
        signing_input = f"{encode_base64url(json.dumps(head).encode())}.{encode_base64url(payload)}"
        signature = algorithm.sign(signing_input.encode(), key)
        return f"{signing_input}.{encode_base64url(signature)}"

    return sign
