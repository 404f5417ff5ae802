"""What a service reads from its environment."""

from __future__ import annotations

import os
from typing import Any

import pytest
from kioku_rt.settings import Profile, RuntimeSettings
from pydantic import ValidationError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine leaks in."""

    for name in list(os.environ):
        if name.startswith("KIOKU_"):
            monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> RuntimeSettings:
    for name, value in values.items():
        monkeypatch.setenv(f"KIOKU_{name.upper()}", value)
    return RuntimeSettings()


def test_everything_has_a_default_for_one_machine() -> None:
    """Without any variable a service listens on loopback, in development."""
    settings = RuntimeSettings()
    assert (
        settings.grpc_host,
        settings.grpc_port,
        settings.profile,
    ) == ("127.0.0.1", 0, Profile.DEVELOPMENT)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several NATS servers fit in one variable."""
    settings = read(monkeypatch, nats_url="nats://a:1, nats://b:2")
    assert settings.nats_url == ("nats://a:1", "nats://b:2")


def test_limits_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls at work get half of the drain's time."""
    settings = read(monkeypatch, drain_seconds="8", max_concurrent_rpcs="5", grpc_port="7")
    config = settings.server_config()
    assert (config.grace, config.max_concurrent_rpcs, config.port) == (4.0, 5, 7)


@pytest.mark.parametrize(
    "values",
    [
        {"grpc_port": "70000"},
        {"drain_seconds": "0"},
        {"drain_seconds": "40"},
        {"profile": "staging"},
        {"max_concurrent_rpcs": "0"},
        {"profile": "production"},
        {"profile": "production", "jwt_issuer": "https://id.example", "reflection": "true"},
    ],
    ids=str,
)
def test_wrong_settings_are_found_at_start(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    """Production refuses the development issuer and reflection; ranges are checked."""
    with pytest.raises(ValidationError):
        read(monkeypatch, **values)


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings' nor the derived configuration's text has the secret."""
    secret = "a-secret-of-at-least-thirty-two-bytes"
    settings = read(monkeypatch, jwt_hs256_secret=secret)
    config = settings.auth_config()
    assert (secret, False) == (config.hs256_secret, secret in repr(settings) + repr(config))


def test_settings_do_not_change() -> None:
    """They are read once and frozen."""
    settings: Any = RuntimeSettings()
    with pytest.raises(ValidationError):
        settings.grpc_port = 1
