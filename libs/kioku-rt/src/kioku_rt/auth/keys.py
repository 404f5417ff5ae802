"""A key set holds public signing keys of allowed algorithms only, or it is refused.

RFC 7517. A set that publishes private or symmetric material, or two keys of one id, is refused as
a whole; single keys that are not ours to use (another use, an unknown curve, too weak) are left
out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_KEYS = 64
_MIN_RSA_BITS = 2048
_MIN_RSA_EXPONENT = 65537  # NIST SP 800-56B; e = 1 verifies anything
_PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_HASH_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}


class UnusableKey(Exception):
    """The key, or the whole set, is not one we verify with."""


@dataclass(frozen=True)
class VerificationKey:
    """One key and the one algorithm it verifies."""

    key_id: str | None
    algorithm: str
    material: Any

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `signing_input`."""
        scheme = jwt.get_algorithm_by_name(self.algorithm)
        return bool(scheme.verify(signing_input, self.material, signature))


class KeySet:
    """The keys of one published set, by id."""

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        self._keys = tuple(keys)
        self._by_id = {key.key_id: key for key in self._keys if key.key_id is not None}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Give the key of that id; without an id, the only key of that algorithm."""
        if key_id is not None:
            return self._by_id.get(key_id)
        fitting = [key for key in self._keys if key.algorithm == algorithm]
        return fitting[0] if len(fitting) == 1 else None


def public_key_set(document: bytes, algorithms: Iterable[str]) -> KeySet:
    """Read a published key set.

    Args:
        document: the JSON text of a JWK set.
        algorithms: those that may verify; keys of others are left out.

    Raises:
        UnusableKey: not a key set, private or symmetric material in it, two keys of one id, or
            no usable key.
    """
    allowed = frozenset(algorithms)
    entries = _entries(document)
    _refuse_secrets_and_twins(entries)
    keys = [key for entry in entries if (key := _usable(entry, allowed)) is not None]
    if not keys:
        raise UnusableKey("no usable key in the set")
    return KeySet(keys)


def load_key(entry: Mapping[str, Any], allowed: frozenset[str]) -> VerificationKey:
    """Read one JWK for verifying.

    Raises:
        UnusableKey: not for signatures, of no allowed algorithm, malformed, or too weak.
    """
    if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ["verify"]):
        raise UnusableKey("not for verifying signatures")
    try:
        key = jwt.PyJWK(dict(entry))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise UnusableKey("malformed") from error
    if key.algorithm_name not in allowed:
        raise UnusableKey("its algorithm is not allowed")
    _refuse_weak(key.key, key.algorithm_name)
    return VerificationKey(key.key_id, key.algorithm_name, key.key)


def symmetric_key(secret: str, algorithm: str = "HS256") -> VerificationKey:
    """Make the key of a shared secret.

    Raises:
        UnusableKey: the secret is shorter than the hash (RFC 7518 section 3.2).
    """
    material = secret.encode()
    _refuse_weak(material, algorithm)
    return VerificationKey(None, algorithm, material)


def _entries(document: bytes) -> list[Mapping[str, Any]]:
    try:
        entries = json.loads(document)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnusableKey("not a JWK set") from None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise UnusableKey("not a JWK set of at most 64 keys")
    return [entry for entry in entries if isinstance(entry, dict)]


def _refuse_secrets_and_twins(entries: list[Mapping[str, Any]]) -> None:
    if any(not _PRIVATE_MEMBERS.isdisjoint(e) or e.get("kty") == "oct" for e in entries):
        raise UnusableKey("the set publishes a secret")
    ids = [entry["kid"] for entry in entries if isinstance(entry.get("kid"), str)]
    if len(set(ids)) != len(ids):
        raise UnusableKey("two keys have one id")


def _usable(entry: Mapping[str, Any], allowed: frozenset[str]) -> VerificationKey | None:
    try:
        return load_key(entry, allowed)
    except UnusableKey:
        return None


def _refuse_weak(material: object, algorithm: str) -> None:
    if isinstance(material, RSAPublicKey):
        numbers = material.public_numbers()
        if material.key_size < _MIN_RSA_BITS or numbers.e < _MIN_RSA_EXPONENT:
            raise UnusableKey("RSA key too weak")
    elif isinstance(material, bytes):
        if len(material) < _HASH_BYTES.get(algorithm, 32):
            raise UnusableKey("secret shorter than its hash")
    elif not isinstance(material, EllipticCurvePublicKey):
        raise UnusableKey("not a public key we verify with")
