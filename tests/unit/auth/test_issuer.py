"""The development issuer and the tokens services use among themselves."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from kioku_rt.auth import (
    AuthConfig,
    DevIssuer,
    ServiceToken,
    TokenVerifier,
    keep_service_tokens_fresh,
    write_service_token,
)
from kioku_rt.errors import DependencyDown


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_production_refuses_the_development_issuer(tmp_path: Path) -> None:
    """No key is made in the production profile."""
    with pytest.raises(ValueError, match="production"):
        DevIssuer(tmp_path / "issuer", profile="production")
    assert not (tmp_path / "issuer").exists()


def test_the_private_key_is_its_owners_alone(issuer: DevIssuer, tmp_path: Path) -> None:
    """Key 0600, service tokens 0600, key set readable by all."""
    token = write_service_token(issuer, "search", ["embed"])
    paths = (tmp_path / "issuer" / "issuer-key.pem", token, issuer.jwks_path)
    assert [mode(path) for path in paths] == [0o600, 0o600, 0o644]


def test_the_key_set_holds_no_secret(issuer: DevIssuer) -> None:
    """Only public members of the key are published, with its use and algorithm."""
    (key,) = json.loads(issuer.jwks_path.read_text())["keys"]
    assert {"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"} == set(key)


async def test_tokens_outlive_a_restart_of_the_issuer(tmp_path: Path) -> None:
    """The key is made once; a new issuer on the folder signs with it again."""
    first = DevIssuer(tmp_path)
    token = first.mint("ada")
    second = DevIssuer(tmp_path)
    verifier = TokenVerifier(AuthConfig(second.issuer, jwks=str(second.jwks_path)))
    assert (await verifier.verify(token)).subject == "ada"


def test_a_missing_service_token_makes_work_wait(tmp_path: Path) -> None:
    """Without its file a service calls nobody, and says the dependency is down."""
    with pytest.raises(DependencyDown):
        ServiceToken(tmp_path / "missing.jwt").current()


def test_a_replaced_service_token_needs_no_restart(issuer: DevIssuer) -> None:
    """The token in the file now is the one that is presented."""
    token = ServiceToken(write_service_token(issuer, "search", ["embed"]))
    first = token.current()
    path = write_service_token(issuer, "search", ["embed"])
    assert path.read_text() == token.current() != first


def test_an_emptied_or_removed_file_keeps_the_last_token(issuer: DevIssuer) -> None:
    """A torn write does not make a service anonymous."""
    path = write_service_token(issuer, "search", ["embed"])
    token = ServiceToken(path)
    last = token.current()
    path.write_text("")
    emptied = token.current()
    path.unlink()
    assert [last, last] == [emptied, token.current()]


async def test_service_tokens_are_renewed_long_before_they_expire(tmp_path: Path) -> None:
    """Every named service has a token at once, and a new one at a third of its life."""
    issuer = DevIssuer(tmp_path)
    stop = asyncio.Event()
    services = {"search": ["embed"], "embedder": ["assets.act"]}
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_service_tokens_fresh(issuer, services, stop, ttl=0.3))
        await asyncio.sleep(0.02)
        paths = [issuer.service_token_path(name) for name in services]
        first = [path.read_text() for path in paths]
        await asyncio.sleep(0.2)
        second = [path.read_text() for path in paths]
        stop.set()
    assert all(old != new for old, new in zip(first, second, strict=True))
    assert not list(tmp_path.rglob(".*"))


async def test_a_service_token_names_its_service_and_scopes(
    issuer: DevIssuer, clock: object
) -> None:
    """The token in the file is a service's, with the scopes asked for."""
    path = write_service_token(issuer, "search", ["embed"])
    config = AuthConfig(issuer.issuer, jwks=str(issuer.jwks_path))
    principal = await TokenVerifier(config, clock=clock).verify(path.read_text())  # type: ignore[arg-type]
    assert ("search", True, frozenset(("embed",))) == (
        principal.subject,
        principal.service,
        principal.scopes,
    )
