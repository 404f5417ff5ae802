"""What a token must be before it is believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from kioku_rt.auth import AuthConfig, DevIssuer, Principal, TokenVerifier
from kioku_rt.auth.jws import MAX_TOKEN_BYTES, encode_base64url
from kioku_rt.auth.keys import UnusableKey
from kioku_rt.auth.verifier import CACHE_SECONDS
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

Forge = Callable[..., str]


async def refusal(verifier: TokenVerifier, token: str) -> Reason:
    with pytest.raises(KiokuError) as caught:
        await verifier.verify(token)
    return caught.value.reason


async def test_a_users_token_gives_its_subject(issuer: DevIssuer, verifier: TokenVerifier) -> None:
    """A user's token names its subject, no service and no scopes."""
    principal = await verifier.verify(issuer.mint("ada"))
    expected = Principal("ada", service=False, scopes=frozenset(), token_id=principal.token_id)
    assert expected == principal


async def test_a_services_token_gives_its_scopes(
    issuer: DevIssuer, verifier: TokenVerifier
) -> None:
    """A service token names the service and what it may do."""
    token = issuer.mint("search", service=True, scopes=["embed", "search.act"])
    principal = await verifier.verify(token)
    assert (True, frozenset(("embed", "search.act"))) == (principal.service, principal.scopes)


async def test_no_token_is_missing(verifier: TokenVerifier) -> None:
    """An empty token is missing rather than invalid."""
    assert await refusal(verifier, "") is Reason.TOKEN_MISSING


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": "kioku-dev.evil"},
        {"iss": "kioku"},
        {"iss": ["kioku-dev"]},
        {"aud": None},
        {"aud": ""},
        {"aud": "other"},
        {"aud": ["authenticated"]},
        {"aud": ["authenticated", "other"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a" * 256},
        {"sub": "a\x00b"},
        {"sub": " ada"},
        {"exp": None},
        {"exp": "1900000000"},
        {"exp": True},
        {"exp": [1_900_000_000]},
        {"nbf": 1_800_000_031},
        {"nbf": "soon"},
        {"iat": 1_800_000_031},
        {"iat": False},
        {"role": 1},
        {"scope": ["embed"]},
        {"scope": " ".join(f"s{i}" for i in range(65))},
    ],
    ids=lambda claims: "-".join(f"{k}={str(v)[:24]}" for k, v in claims.items()),
)
async def test_wrong_claims_are_refused(
    verifier: TokenVerifier, forge: Forge, claims: dict[str, Any]
) -> None:
    """A claim that is missing, of another party, of the wrong type or of the future is refused."""
    assert await refusal(verifier, forge(claims)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": 1_799_999_971},  # 29 s ago
        {"exp": 1_800_000_000.5},
        {"exp": 2**63},
        {"nbf": 1_800_000_029, "iat": 1_800_000_029},
        {"unknown": {"deep": [1, 2]}},
    ],
    ids=str,
)
async def test_tokens_in_force_are_accepted(
    verifier: TokenVerifier, forge: Forge, claims: dict[str, Any]
) -> None:
    """Thirty seconds of leeway, fractions, a far end and unknown claims are all right."""
    assert (await verifier.verify(forge(claims))).subject == "ada"


async def test_an_expired_token_says_so(verifier: TokenVerifier, forge: Forge) -> None:
    """A token beyond its leeway is TOKEN_EXPIRED, so that a client renews it."""
    assert await refusal(verifier, forge({"exp": 1_799_999_970})) is Reason.TOKEN_EXPIRED


async def test_an_expired_token_of_another_key_is_only_invalid(
    verifier: TokenVerifier, tmp_path: Path
) -> None:
    """What is said of a token's age is said to those who can sign only."""
    stranger = DevIssuer(tmp_path / "stranger")
    assert await refusal(verifier, stranger.mint("ada", ttl=-900)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": ""},
        {"alg": 7},
        {"alg": "ES384"},
        {"alg": "RS256"},
        {"alg": "HS256"},
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"kid": "k" * 10_000},
        {"kid": ["a"]},
        {"kid": ""},
        {"jwk": {"kty": "EC"}},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"x5u": "http://127.0.0.1:9/cert"},
        {"x5c": ["MII"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"cty": "JWT"},
        {"typ": "JWE"},
        {"typ": "id+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": 1},
    ],
    ids=lambda header: "-".join(f"{k}={str(v)[:20]}" for k, v in header.items()),
)
async def test_headers_that_choose_for_us_are_refused(
    verifier: TokenVerifier, forge: Forge, header: dict[str, Any]
) -> None:
    """No header picks an algorithm, a key or an extension, even under a good signature."""
    assert await refusal(verifier, forge(header=header)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_a_jwts_own_types_are_accepted(
    verifier: TokenVerifier, forge: Forge, kind: str
) -> None:
    """`typ` may be a JWT's or an access token's (RFC 9068)."""
    assert (await verifier.verify(forge(header={"typ": kind}))).subject == "ada"


def _swap_case_of_last(token: str) -> str:
    """Change the last character's unused low bits: another spelling of the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t.rpartition(".")[0] + ".",
        lambda t: t.rpartition(".")[0],
        lambda t: t + ".",
        lambda t: "." + t,
        lambda t: t + "==",
        lambda t: t + "\n",
        lambda t: " " + t,
        lambda t: t.replace(".", "..", 1),
        lambda t: t[:-1],
        lambda t: f"{t} {t}",
        lambda t: json.dumps({"payload": t.split(".")[1], "signatures": []}),
        lambda t: "é" + t,
        lambda t: "\ud800" + t,
        _swap_case_of_last,
    ],
)
async def test_only_the_one_spelling_of_a_token_is_accepted(
    verifier: TokenVerifier, forge: Forge, spoil: Callable[[str], str]
) -> None:
    """Padding, spare bits, spaces, missing or extra parts: every other spelling is refused."""
    token = forge()
    await verifier.verify(token)
    assert await refusal(verifier, spoil(token)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"sub":"ada","sub":"bob","iss":"kioku-dev","aud":"authenticated","exp":1900000000}',
        b'{"sub":"ada","iss":"kioku-dev","aud":"authenticated","exp":NaN}',
        b'{"sub":"ada","iss":"kioku-dev","aud":"authenticated","exp":Infinity}',
        b'{"sub":"ada","iss":"kioku-dev","aud":"authenticated","exp":1e400}',
        b'{"sub":"ada","iss":"kioku-dev","aud":"authenticated","exp":1' + b"0" * 400 + b"}",
        b"[" * 5000,
    ],
    ids=lambda payload: payload[:20].decode("latin1"),
)
async def test_payloads_that_two_readers_could_read_two_ways_are_refused(
    verifier: TokenVerifier, forge: Forge, payload: bytes
) -> None:
    """Only strict JSON objects are claims: no duplicate names, no NaN, no depth bombs."""
    assert await refusal(verifier, forge(raw_payload=payload)) is Reason.TOKEN_INVALID


async def test_a_64_kib_token_is_refused(verifier: TokenVerifier, forge: Forge) -> None:
    """A huge token is refused before anything in it is read."""
    token = forge({"padding": "x" * 65_536})
    assert len(token) > 65_536 > MAX_TOKEN_BYTES
    assert await refusal(verifier, token) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
async def test_the_public_key_is_no_shared_secret(
    issuer: DevIssuer, verifier: TokenVerifier, forge: Forge, form: str
) -> None:
    """HS256 under the published key is refused in each form the key is published in."""

    document = issuer.jwks_path.read_text()
    entry = json.loads(document)["keys"][0]
    public = jwt.PyJWK(entry).key
    encodings = {
        "pem": (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "der": (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    }
    secret = document.encode() if form == "jwk" else public.public_bytes(*encodings[form])
    head = encode_base64url(json.dumps({"alg": "HS256", "kid": entry["kid"]}).encode())
    signing_input = f"{head}.{forge().split('.')[1]}"
    mac = hmac.new(secret, signing_input.encode(), hashlib.sha256).digest()
    token = f"{signing_input}.{encode_base64url(mac)}"
    assert await refusal(verifier, token) is Reason.TOKEN_INVALID


async def test_hs256_counts_only_where_a_secret_is_configured(
    issuer: DevIssuer, clock: Callable[[], float]
) -> None:
    """With a configured secret its HS256 tokens are accepted beside those of the key set."""

    secret = base64.b64encode(b"s" * 32).decode()
    config = AuthConfig(issuer.issuer, jwks=str(issuer.jwks_path), hs256_secret=secret)
    verifier = TokenVerifier(config, clock=clock)
    claims = {"iss": issuer.issuer, "aud": "authenticated", "sub": "ada", "exp": 1_800_000_600}
    token = jwt.encode(claims, secret, algorithm="HS256")
    both = [(await verifier.verify(t)).subject for t in (token, issuer.mint("bob"))]
    assert both == ["ada", "bob"]


async def test_a_believed_token_is_checked_again_after_a_minute(
    tmp_path: Path, issuer: DevIssuer, verifier: TokenVerifier, clock: Any
) -> None:
    """A key taken out of the set stops counting within 60 s."""
    token = issuer.mint("ada")
    await verifier.verify(token)
    issuer.jwks_path.write_text(DevIssuer(tmp_path / "next").jwks_path.read_text())
    clock.now += CACHE_SECONDS - 1
    assert (await verifier.verify(token)).subject == "ada"
    clock.now += 2
    assert await refusal(verifier, token) is Reason.TOKEN_INVALID


async def test_a_believed_token_still_expires(
    issuer: DevIssuer, verifier: TokenVerifier, clock: Any
) -> None:
    """The cache never outlives `exp` and its leeway."""
    token = issuer.mint("ada", ttl=10)
    await verifier.verify(token)
    clock.now += 41
    assert await refusal(verifier, token) is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": ""},
        {"audience": ""},
        {"jwks": ""},
        {"algorithms": ("HS256",)},
        {"algorithms": ("none",)},
    ],
    ids=str,
)
def test_a_configuration_that_would_accept_too_much_is_refused(wrong: dict[str, Any]) -> None:
    """An empty issuer or a symmetric algorithm is found at start, not by an attacker."""
    good: dict[str, Any] = {"issuer": "kioku-dev", "jwks": "jwks.json"}
    with pytest.raises(ValueError, match=r"must be|may be"):
        AuthConfig(**(good | wrong))


def test_a_secret_shorter_than_its_hash_is_refused(issuer: DevIssuer) -> None:
    """A short HS256 secret could be guessed."""

    with pytest.raises(UnusableKey):
        TokenVerifier(AuthConfig("kioku-dev", hs256_secret="short"))


async def test_the_cache_of_believed_tokens_is_bounded(
    issuer: DevIssuer, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many users do not fill memory: the oldest entries go first."""
    monkeypatch.setattr("kioku_rt.auth.verifier.CACHE_ENTRIES", 3)
    tokens = [issuer.mint(f"user-{number}") for number in range(5)]
    for token in tokens:
        await verifier.verify(token)
    issuer.jwks_path.unlink()
    monkeypatch.setattr(verifier, "_keys", None)
    believed = []
    for token in tokens:
        try:
            believed.append((await verifier.verify(token)).subject)
        except KiokuError:
            continue
    assert believed == ["user-2", "user-3", "user-4"]
