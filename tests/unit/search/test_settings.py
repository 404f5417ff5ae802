"""Settings: what production must not run with."""

from __future__ import annotations

import pytest
from kioku_search.settings import Settings
from pydantic import ValidationError

PRODUCTION = {"profile": "production", "jwt_issuer": "https://issuer.example"}


def test_production_needs_its_own_page_token_secret():
    """The development secret is public, so it is refused."""
    with pytest.raises(ValidationError, match="page_token_secret"):
        Settings(**PRODUCTION)
    assert Settings(**PRODUCTION, page_token_secret="x" * 16)


def test_participants_are_a_list(monkeypatch):
    """Comma-separated in the environment."""
    monkeypatch.setenv("KIOKU_DELETION_PARTICIPANTS", "search, face,vlm")
    assert ("search", "face", "vlm") == Settings().deletion_participants


def test_secrets_do_not_show():
    """Neither passwords nor keys are in the settings' text."""
    shown = repr(Settings(search_api_dsn="postgresql://a:hunter2@h/d", s3_secret_key="hunter3"))
    assert "hunter" not in shown


def test_the_sweep_comes_after_url_and_handler():
    """The second sweep waits for both, and a minute more."""
    settings = Settings(s3_url_ttl_seconds=100, handler_seconds=200)
    delays = {kind: delay.total_seconds() for kind, delay in settings.sweep_delays().items()}
    assert {"IMAGE": 360, "VIDEO": 7360} == delays
