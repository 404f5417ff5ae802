"""Every service reads the same settings by the same names, once, in main.

Environment prefix `KIOKU_`; a list is JSON or comma-separated. Secrets are never shown by `repr`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kioku_rt.auth.verifier import AuthConfig
from kioku_rt.policy import AiPolicy, ExternalAi
from kioku_rt.rpc.config import ServerConfig
from kioku_rt.telemetry.logs import LogFormat


class Profile(StrEnum):
    """Where a process runs; production refuses everything that only helps developers."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class RuntimeSettings(BaseSettings):
    """What every service needs; each service adds its own fields in a subclass.

    Raises:
        pydantic.ValidationError: naming each wrong variable, at start.
    """

    model_config = SettingsConfigDict(
        env_prefix="KIOKU_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    profile: Profile = Profile.DEVELOPMENT
    grpc_host: str = "127.0.0.1"
    grpc_port: int = Field(default=0, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
    reflection: bool = False
    otlp_endpoint: str | None = None
    log_format: LogFormat = LogFormat.JSON
    jwks: str = ""
    jwt_issuer: str = "kioku-dev"
    jwt_audience: str = "authenticated"
    jwt_hs256_secret: SecretStr | None = None
    service_token_file: Path | None = None
    nats_url: Annotated[tuple[str, ...], NoDecode] = ("nats://127.0.0.1:4222",)
    drain_seconds: float = Field(default=20.0, gt=0, le=28)
    max_concurrent_rpcs: int = Field(default=256, ge=1)
    external_ai: ExternalAi = ExternalAi.REFUSED

    @field_validator("nats_url", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> RuntimeSettings:
        if self.profile is Profile.PRODUCTION:
            if self.reflection:
                raise ValueError("reflection is refused in the production profile")
            if self.jwt_issuer == "kioku-dev":
                raise ValueError("the development issuer is refused in the production profile")
        return self

    def auth_config(self) -> AuthConfig:
        """Say whose tokens are accepted.

        Raises:
            ValueError: neither a key set nor a secret is set.
        """
        secret = self.jwt_hs256_secret
        return AuthConfig(
            issuer=self.jwt_issuer,
            audience=self.jwt_audience,
            jwks=self.jwks,
            hs256_secret=secret.get_secret_value() if secret else None,
        )

    def ai_policy(self) -> AiPolicy:
        """Say which AI may be asked."""
        return AiPolicy(self.external_ai)

    def server_config(self) -> ServerConfig:
        """Say where to listen and within which limits; half of the drain is for calls at work."""
        return ServerConfig(
            host=self.grpc_host,
            port=self.grpc_port,
            reflection=self.reflection,
            grace=self.drain_seconds / 2,
            max_concurrent_rpcs=self.max_concurrent_rpcs,
        )
