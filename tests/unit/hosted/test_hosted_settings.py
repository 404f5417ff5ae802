"""A hosted model is off unless chosen whole; its secrets are not shown; it needs no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kioku_embedder.hosted.opening import space_of
from kioku_embedder.hosted.settings import HostedSettings


def settings(**changes: Any) -> HostedSettings:
    usual: dict[str, Any] = {"embedder_backend": "replicate", "hosted_model": "o/clip:v1"}
    return HostedSettings(**(usual | changes))


def test_the_default_is_a_model_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no money is approved."""
    monkeypatch.delenv("KIOKU_EMBEDDER_BACKEND", raising=False)
    default = HostedSettings()
    assert ("local", 0.0) == (default.embedder_backend, default.hosted_budget_usd)


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"hosted_model": ""}, "KIOKU_HOSTED_MODEL"),
        ({"embedder_backend": "openai"}, "KIOKU_HOSTED_BASE_URL"),
        ({"hosted_usd_per_image": -1}, "hosted_usd_per_image"),
        ({"embedder_backend": "somebody"}, "embedder_backend"),
    ],
    ids=["model", "server", "price", "backend"],
)
def test_a_choice_that_is_not_whole_is_refused(changes: dict[str, Any], variable: str) -> None:
    """Naming what is missing or wrong."""
    with pytest.raises(ValueError, match=variable):
        settings(**changes)


def test_an_address_is_known_with_and_without_v1() -> None:
    """As people copy it from either API's documentation."""
    assert "https://api.replicate.com" == settings().provider_url
    assert "http://x:1" == settings(hosted_base_url="http://x:1/v1/").provider_url


def test_secrets_are_headers_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The specification's form for Replicate; a bearer token elsewhere, if there is one."""
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_secret")
    monkeypatch.setenv("KIOKU_HOSTED_API_KEY", "k_secret")
    chosen = settings()
    assert {"Authorization": "Token r8_secret"} == chosen.credentials
    assert not {"r8_secret", "k_secret"} & set(repr(chosen).split("'"))
    server = settings(embedder_backend="openai", hosted_base_url="http://x")
    assert {"Authorization": "Bearer k_secret"} == server.credentials
    monkeypatch.delenv("KIOKU_HOSTED_API_KEY")
    assert {} == settings(embedder_backend="openai", hosted_base_url="http://x").credentials


def test_the_ledger_is_in_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache may be emptied by anybody; spent money may not be forgotten."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert tmp_path / "kioku" / "hosted-spent.json" == settings().ledger_path
    assert Path("/x.json") == settings(hosted_ledger="/x.json").ledger_path


def test_a_hosted_model_is_a_space_of_its_own() -> None:
    """API, server, model and the copy that is sent change it; the token does not."""
    base = space_of(settings(), 1024)
    assert base.space_id.startswith("clip@")
    assert "hosted" == base.precision
    others = [
        space_of(settings(hosted_model="o/clip:v2"), 1024),
        space_of(settings(hosted_base_url="http://10.0.0.1"), 1024),
        space_of(settings(hosted_dimension=512), 1024),
        space_of(settings(), 512),
    ]
    assert 5 == len({space.space_id for space in (base, *others)})
    assert base == space_of(settings(REPLICATE_API_TOKEN="x"), 1024)
    assert "a-b.c" == space_of(settings(hosted_model="//a b.c:v/1"), 1024).model


def test_a_hosted_embedder_needs_no_torch() -> None:
    """Its process imports no engine before a model of its own is opened."""
    code = (
        "import sys, kioku_embedder.main; "
        "print(sorted({'torch', 'transformers', 'onnxruntime', 'openvino'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[]" == answer.stdout.strip()
