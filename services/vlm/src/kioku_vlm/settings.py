"""What this service reads from its environment, once, in main."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from kioku_rt.settings import Profile
from kioku_rt.storage_settings import StorageSettings
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from kioku_vlm.correcting.correcting import is_zone
from kioku_vlm.engines.settings import EngineSettings

_DEVELOPMENT_SECRET = "kioku-development-page-tokens"  # noqa: S105 - refused in production
_MIB = 2**20


class Settings(StorageSettings, EngineSettings):
    """Settings of `vlm`; see `RuntimeSettings` for those every service has, `EngineSettings` for
    models.

    Attributes:
        vlm_api_dsn, vlm_worker_dsn, vlm_sealer_dsn: the three roles, see
            `architecture/observations.md`.
        vlm_owner_dsn: the role that owns the schema; only `migrate` uses it.
        search_target: gRPC target of `search`, which has the assets.
        face_target: gRPC target of `face`, which knows who may be on a picture; empty: nobody does.
        embedder_target: gRPC target of `embedder`, which knows what a picture shows; empty: there
            are no themes.
        peer_seconds: the longest that one call of either may take.
        page_token_secret: signs page tokens; the same in every process.
        vlm_zone: IANA zone of this deployment: of days, and of local times where nothing names one;
            empty: days are those of UTC, and times stay without a zone.
        vlm_locale: decides what 03/04 means where neither picture nor caller does; empty: nothing.
        vlm_language: of themes, where the caller names none, and of descriptions of people.
        vlm_theme_sample: pictures of an owner that tell what all of them show; 0: none.
        vlm_theme_neighbours: look-alikes of each picture, whose tags speak for themes; 0: none.
        vlm_theme_words_seconds: for the words of all themes of a call.
        vlm_upload_max_bytes: of a file.
        vlm_slots: events of uploads in hand at once.
        vlm_backlog_slots: readings in hand that no event drives.
        vlm_turns: readings at a time in all; the rest of those in hand wait, urgent ones first.
        vlm_handler_seconds: after this one delivery of an event counts as failed.
        vlm_lease_seconds: how long a reading is left to a process that does not renew its claim.
        vlm_grace_seconds: how long the backlog leaves an upload to the event log.
        vlm_backlog_seconds: how often it is looked for readings that nobody announced.
        vlm_tessdata: folder of Tesseract's data; unset: `.data/tessdata` or the system's.
        vlm_read_processes: children that read pages, one each at a time; 0: one per core.
        vlm_page_seconds: for reading one page.
        vlm_most_pages: of a PDF.
        vlm_decoders: child processes that hash pictures.
        vlm_kept_days: how long an observation of bytes lives that came with a request and are no
            asset.
        vlm_webhook_url: the app's address; empty: nobody is told, see `architecture/webhooks.md`.
        vlm_webhook_secrets: keys of the signature, the newest first.
        vlm_webhook_plaintext: whether the address may be `http`.
        vlm_webhook_seconds: for one call.
        vlm_webhook_every_seconds: how often it is looked for calls that are due.
        vlm_webhook_days: how long settled deliveries are remembered.
    """

    vlm_api_dsn: SecretStr = SecretStr("postgresql://vlm_api@127.0.0.1:5432/kioku")
    vlm_worker_dsn: SecretStr = SecretStr("postgresql://vlm_worker@127.0.0.1:5432/kioku")
    vlm_sealer_dsn: SecretStr = SecretStr("postgresql://vlm_sealer@127.0.0.1:5432/kioku")
    vlm_owner_dsn: SecretStr = SecretStr("postgresql://kioku@127.0.0.1:5432/kioku")
    api_connections: int = Field(default=8, ge=1, le=200)
    worker_connections: int = Field(default=8, ge=4, le=200)
    search_target: str = "127.0.0.1:50051"
    face_target: str = ""
    embedder_target: str = ""
    peer_seconds: float = Field(default=5.0, gt=0)
    page_token_secret: SecretStr = SecretStr(_DEVELOPMENT_SECRET)

    vlm_zone: str = ""
    vlm_locale: str = ""
    vlm_language: Literal["ja", "en"] = "ja"
    vlm_theme_sample: int = Field(default=12, ge=0, le=100)
    vlm_theme_neighbours: int = Field(default=10, ge=0, le=100)
    vlm_theme_words_seconds: float = Field(default=20.0, gt=0)
    vlm_upload_max_bytes: int = Field(default=64 * _MIB, ge=1)
    vlm_slots: int = Field(default=4, ge=1, le=100)
    vlm_backlog_slots: int = Field(default=4, ge=1, le=100)
    vlm_turns: int = Field(default=2, ge=1, le=100)
    vlm_handler_seconds: float = Field(default=300.0, gt=0)
    vlm_lease_seconds: float = Field(default=30.0, gt=0)
    vlm_grace_seconds: float = Field(default=60.0, ge=0)
    vlm_backlog_seconds: float = Field(default=2.0, gt=0)
    vlm_tessdata: Path | None = None
    vlm_read_processes: int = Field(default=0, ge=0, le=256)
    vlm_page_seconds: float = Field(default=60.0, gt=0)
    vlm_most_pages: int = Field(default=20, ge=1, le=500)
    vlm_decoders: int = Field(default=1, ge=1, le=64)
    vlm_kept_days: int = Field(default=30, ge=1)

    vlm_webhook_url: str = ""
    vlm_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    vlm_webhook_plaintext: bool = False
    vlm_webhook_seconds: float = Field(default=10.0, gt=0, le=50)
    vlm_webhook_every_seconds: float = Field(default=1.0, gt=0)
    vlm_webhook_days: int = Field(default=30, ge=1)

    @field_validator("vlm_webhook_secrets", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("vlm_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value and not is_zone(value):
            raise ValueError("is no IANA zone, like Asia/Tokyo")
        return value

    @model_validator(mode="after")
    def _has_own_secret(self) -> Settings:
        secret = self.page_token_secret.get_secret_value()
        if self.profile is Profile.PRODUCTION and secret == _DEVELOPMENT_SECRET:
            raise ValueError("page_token_secret must be set in the production profile")
        return self

    @property
    def kept(self) -> timedelta:
        """How long an observation of bytes lives that are no asset."""
        return timedelta(days=self.vlm_kept_days)
