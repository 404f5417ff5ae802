"""Promise: everything that can be set about a hosted model, named here; off unless chosen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from kioku_rt.storage_settings import StorageSettings
from pydantic import Field, SecretStr, model_validator

MIB = 2**20
REPLICATE_URL = "https://api.replicate.com"
BackendName = Literal["local", "replicate", "openai"]


class HostedSettings(StorageSettings):
    """Environment of the hosted backend, besides `KIOKU_EXTERNAL_AI`.

    Args:
        embedder_backend: who makes the vectors.
        hosted_base_url: of the provider; Replicate's own is known, others must be named.
        hosted_model: Replicate's `version`, or the server's name of the model.
        hosted_dimension: of its vectors; anything else is refused.
        replicate_api_token: `REPLICATE_API_TOKEN`, the provider's name for it.
        hosted_api_key: bearer token of an embeddings API; empty: none is sent.
        hosted_encoding: how an embeddings API is asked to write vectors.
        hosted_pictures: how the copy of an uploaded picture travels: by the signed `url` of an
            object, or `inline` in the request. Pictures of rpcs are always inline, and so is
            everything for an embeddings API.
        hosted_requests_per_minute: that begin; looking after a prediction does not count.
        hosted_concurrency: requests (predictions) at once.
        hosted_http_seconds: to connect, and between two pieces of an answer.
        hosted_item_seconds: for one prediction, the provider's queue included; shorter than
            `embedder_handler_seconds`.
        hosted_answer_max_bytes: of one answer; predictions repeat their input.
        hosted_usd_per_image, hosted_usd_per_text: what one call is taken to cost.
        hosted_budget_usd: approved money, counted from an empty ledger; 0: none is approved.
        hosted_ledger: file of what may have been spent; empty: in the user's state folder.
    """

    embedder_backend: BackendName = "local"
    hosted_base_url: str = ""
    hosted_model: str = ""
    hosted_dimension: int = Field(default=768, ge=1, le=8192)
    replicate_api_token: SecretStr = Field(
        default=SecretStr(""), validation_alias="REPLICATE_API_TOKEN"
    )
    hosted_api_key: SecretStr = SecretStr("")
    hosted_encoding: Literal["base64", "float"] = "base64"
    hosted_pictures: Literal["url", "inline"] = "url"
    hosted_requests_per_minute: float = Field(default=300.0, gt=0)
    hosted_concurrency: int = Field(default=8, ge=1, le=256)
    hosted_http_seconds: float = Field(default=30.0, gt=0)
    hosted_item_seconds: float = Field(default=180.0, gt=0)
    hosted_answer_max_bytes: int = Field(default=8 * MIB, ge=1024)
    hosted_usd_per_image: float = Field(default=0.0006, ge=0)
    hosted_usd_per_text: float = Field(default=0.0006, ge=0)
    hosted_budget_usd: float = Field(default=0.0, ge=0)
    hosted_ledger: Path | None = None

    @model_validator(mode="after")
    def _a_hosted_model_has_a_name(self) -> HostedSettings:
        if self.embedder_backend != "local":
            if not self.hosted_model:
                raise ValueError("KIOKU_HOSTED_MODEL must name the hosted model")
            if not self.provider_url:
                raise ValueError("KIOKU_HOSTED_BASE_URL must name the server of the embeddings API")
        return self

    @property
    def provider_url(self) -> str:
        """Where the provider is, without a slash or `/v1` at its end."""
        known = REPLICATE_URL if self.embedder_backend == "replicate" else ""
        return (self.hosted_base_url or known).rstrip("/").removesuffix("/v1")

    @property
    def credentials(self) -> dict[str, str]:
        """The header that says who we are; a secret."""
        if self.embedder_backend == "replicate":
            return {"Authorization": f"Token {self.replicate_api_token.get_secret_value()}"}
        key = self.hosted_api_key.get_secret_value()
        return {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return self.hosted_ledger or Path(state) / "kioku" / "hosted-spent.json"
