"""A token is believed for at most a minute before its signature and claims are checked again.

Why a cache: one ECDSA check costs about as much as the whole rest of a small rpc. Entries are keyed
by the token's SHA-256, end at `exp`, and only good tokens are kept, so that a flood of bad ones
cannot push good ones out.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from kioku_rt.auth.claims import ClaimRules, Expired, check_times, principal_of
from kioku_rt.auth.jws import NotAcceptable, check_signature, parse, strict_object
from kioku_rt.auth.key_source import KeySource, key_source
from kioku_rt.auth.keys import VerificationKey, symmetric_key
from kioku_rt.auth.principal import Principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

CACHE_SECONDS = 60.0
CACHE_ENTRIES = 4096
_ASYMMETRIC = frozenset(("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256"))
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AuthConfig:
    """Whose tokens are accepted.

    Attributes:
        issuer: the exact `iss`.
        audience: the exact `aud`.
        jwks: path or URL of the issuer's public keys.
        algorithms: asymmetric algorithms that may sign.
        hs256_secret: when set, HS256 tokens signed with it are accepted too.
        leeway: seconds of clock difference that are forgiven.
    """

    issuer: str
    audience: str = "authenticated"
    jwks: str = ""
    algorithms: tuple[str, ...] = ("ES256", "RS256")
    hs256_secret: str | None = field(default=None, repr=False)
    leeway: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a configuration that would accept what its writer did not mean."""
        if not self.issuer or not self.audience:
            raise ValueError("issuer and audience must be set")
        if not self.jwks and not self.hs256_secret:
            raise ValueError("a key set or a secret must be set")
        if not _ASYMMETRIC.issuperset(self.algorithms):
            raise ValueError("algorithms may be asymmetric ones only")


class TokenVerifier:
    """Turns a bearer token into a principal, or refuses it."""

    def __init__(
        self,
        config: AuthConfig,
        *,
        keys: KeySource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._rules = ClaimRules(config.issuer, config.audience, config.leeway)
        if keys is None and config.jwks:
            keys = key_source(config.jwks, config.algorithms)
        self._keys = keys
        self._secret = symmetric_key(config.hs256_secret) if config.hs256_secret else None
        self._clock = clock
        self._believed: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Give whom `token` speaks for.

        Raises:
            KiokuError: TOKEN_MISSING (empty), TOKEN_EXPIRED, or TOKEN_INVALID for every other
                fault, without saying which.
            DependencyDown: the issuer's keys have never been read.
        """
        if not token:
            raise KiokuError(Reason.TOKEN_MISSING)
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        believed = self._believed.get(digest)
        if believed is not None and self._clock() < believed[0]:
            return believed[1]
        try:
            until, principal = await self._check(token, digest.hex()[:16])
        except Expired:
            raise KiokuError(Reason.TOKEN_EXPIRED) from None
        except NotAcceptable as refusal:
            _log.info("token.refused", why=str(refusal), token=digest.hex()[:16])
            raise KiokuError(Reason.TOKEN_INVALID) from None
        self._remember(digest, until, principal)
        return principal

    async def ping(self) -> None:
        """Make sure that there are keys: for readiness, so that users see 503 rather than 401.

        Raises:
            DependencyDown: the issuer's keys have never been read, or are a day old.
        """
        if self._keys is not None:
            await self._keys.find(None, self._config.algorithms[0])

    async def _check(self, token: str, fingerprint: str) -> tuple[float, Principal]:
        signed = parse(token)
        check_signature(signed, await self._key(signed.key_id, signed.algorithm))
        claims = strict_object(signed.payload)
        now = self._clock()
        expires = check_times(claims, now, self._config.leeway)
        principal = principal_of(claims, self._rules, fingerprint)
        return min(expires + self._config.leeway, now + CACHE_SECONDS), principal

    async def _key(self, key_id: str | None, algorithm: str) -> VerificationKey:
        if self._secret is not None and algorithm == self._secret.algorithm:
            return self._secret
        if self._keys is None or algorithm not in self._config.algorithms:
            raise NotAcceptable("algorithm not allowed")
        key = await self._keys.find(key_id, algorithm)
        if key is None:
            raise NotAcceptable("unknown key")
        return key

    def _remember(self, digest: bytes, until: float, principal: Principal) -> None:
        self._believed[digest] = (until, principal)
        self._believed.move_to_end(digest)
        if len(self._believed) > CACHE_ENTRIES:
            self._believed.popitem(last=False)
