"""Which published keys verify, and which sets are refused."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from kioku_rt.auth.keys import UnusableKey, public_key_set

ALLOWED = ("ES256", "RS256")


def ec_key(kid: str | None = "a", **more: Any) -> dict[str, Any]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    jwk = dict(jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True))
    return jwk | ({"kid": kid} if kid else {}) | more


def rsa_key(bits: int, kid: str = "r") -> dict[str, Any]:
    public = rsa.generate_private_key(65537, bits).public_key()
    return dict(jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)) | {"kid": kid}


def document(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def test_keys_are_found_by_id() -> None:
    """Each key of a set answers to its own id and to no other."""
    keys = public_key_set(document(ec_key("a"), rsa_key(2048, "b")), ALLOWED)
    found = [keys.find(kid, "ES256") for kid in ("a", "b", "c")]
    assert [key.algorithm if key else None for key in found] == ["ES256", "RS256", None]


def test_without_an_id_only_a_single_key_answers() -> None:
    """A token without `kid` is checked only when there is no choice of key."""
    one = public_key_set(document(ec_key("a"), rsa_key(2048)), ALLOWED)
    two = public_key_set(document(ec_key("a"), ec_key("b")), ALLOWED)
    assert (one.find(None, "ES256") is not None, two.find(None, "ES256")) == (True, None)


@pytest.mark.parametrize(
    "entry",
    [
        ec_key("x", use="enc"),
        ec_key("x", key_ops=["encrypt"]),
        ec_key("x", alg="ES384"),
        ec_key("x") | {"y": "AAAA"},
        ec_key("x") | {"crv": "P-384"},
        {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kid": "x", "kty": "future"},
        {"kid": "x"},
        rsa_key(1024, "x"),
        rsa_key(2048, "x") | {"e": "AQ"},
        rsa_key(2048, "x") | {"e": "Aw"},
        "not an object",
    ],
    ids=[
        "use",
        "key-ops",
        "algorithm",
        "off-curve",
        "curve",
        "okp",
        "future",
        "no-type",
        "rsa-1024",
        "exponent-1",
        "exponent-3",
        "text",
    ],
)
def test_keys_that_are_not_ours_to_use_are_left_out(entry: Any) -> None:
    """Another use, another curve, a point off the curve or a weak key never verifies."""
    keys = public_key_set(document(ec_key("good"), entry), ALLOWED)
    assert (len(keys), keys.find("x", "ES256")) == (1, None)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"[" * 100_000,
        document(ec_key("a"), {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}),
        document(ec_key("a") | {"d": "AAAA"}),
        document(ec_key("a"), ec_key("a")),
        document(*[ec_key(None)] * 65),
        document(ec_key("a", use="enc")),
    ],
    ids=[
        "empty",
        "list",
        "object",
        "map",
        "none",
        "deep",
        "oct",
        "private",
        "twins",
        "many",
        "enc",
    ],
)
def test_bad_sets_are_refused_as_a_whole(text: bytes) -> None:
    """A set with secrets, twins or nothing usable replaces nothing."""
    with pytest.raises(UnusableKey):
        public_key_set(text, ALLOWED)
