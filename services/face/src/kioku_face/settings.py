"""What this service reads from its environment, once, in main."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from kioku_rt.settings import Profile
from kioku_rt.storage_settings import StorageSettings
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from kioku_face.looking_again import AgainRules

_DEVELOPMENT_SECRET = "kioku-development-page-tokens"  # noqa: S105 - refused in production
_MIB = 2**20


class Settings(StorageSettings):
    """Settings of `face`; see `RuntimeSettings` for those every service has.

    Attributes:
        face_api_dsn, face_worker_dsn, face_sealer_dsn: the three roles, see
            `architecture/faces.md`.
        face_owner_dsn: the role that owns the schema; only `migrate` uses it.
        search_target: gRPC target of `search`, which keeps the vectors.
        search_seconds: the longest that one call of it may take.
        page_token_secret: signs page tokens; the same in every process.
        face_pack: folder of the models, see `architecture/face-packs.md`.
        face_accept_licences: names of packs whose licence forbids products, and that may be loaded
            all the same.
        face_processes: child processes that look for faces, each with the pack in its memory and
            one picture at a time; 0: one per core.
        face_upload_max_bytes: of a picture.
        face_slots, face_frame_slots: events of uploads, and of ranges of frames, in hand at once.
        face_handler_seconds: after this one delivery of an event counts as failed.
        face_frame_every_ms: of a video's frames within so many milliseconds the first is looked at;
            0: every one.
        face_crop_pixels: longest side to which a picture is decoded for a cut-out.
        face_match_score: least score of a match in a space that nobody calibrated, see
            `architecture/face-matching.md`.
        face_link_score, face_join_score, face_sure_score: least scores for a link by likeness, for
            joining a group, and for joining it because of one face alone; they belong to the pack,
            see `architecture/face-groups.md`.
        face_group_seconds: how often new faces are compared with the others.
        face_anonymous_days: how long an anonymous id lives without a new face.
        face_again_seconds: how often it is looked whether something must be looked at again.
        face_again_batch: pictures of one such round, of each kind.
        face_again_grace_seconds: how long a look may take, and a vector be on its way.
        face_again_patience_seconds: how long a picture is left alone after such a look.
        face_check_seconds: how often it is asked whether a face's vector is there.
        face_tell_seconds: how often links and removals are told to `search`.
        face_empty_seconds: how often vectors are removed from events that are published.
    """

    face_api_dsn: SecretStr = SecretStr("postgresql://face_api@127.0.0.1:5432/kioku")
    face_worker_dsn: SecretStr = SecretStr("postgresql://face_worker@127.0.0.1:5432/kioku")
    face_sealer_dsn: SecretStr = SecretStr("postgresql://face_sealer@127.0.0.1:5432/kioku")
    face_owner_dsn: SecretStr = SecretStr("postgresql://kioku@127.0.0.1:5432/kioku")
    api_connections: int = Field(default=8, ge=1, le=200)
    worker_connections: int = Field(default=8, ge=4, le=200)
    search_target: str = "127.0.0.1:50051"
    search_seconds: float = Field(default=10.0, gt=0)
    page_token_secret: SecretStr = SecretStr(_DEVELOPMENT_SECRET)

    face_pack: Path = Path("models/kioku-faces")
    face_accept_licences: Annotated[tuple[str, ...], NoDecode] = ()
    face_processes: int = Field(default=0, ge=0, le=256)
    face_upload_max_bytes: int = Field(default=64 * _MIB, ge=1)
    face_slots: int = Field(default=8, ge=1, le=100)
    face_frame_slots: int = Field(default=2, ge=1, le=100)
    face_handler_seconds: float = Field(default=300.0, gt=0)
    face_frame_every_ms: int = Field(default=1000, ge=0)
    face_crop_pixels: int = Field(default=4096, ge=64, le=16_384)
    face_match_score: float = Field(default=0.35, gt=-1, lt=1)
    face_link_score: float = Field(default=0.55, gt=-1, lt=1)
    face_join_score: float = Field(default=0.50, gt=-1, lt=1)
    face_sure_score: float = Field(default=0.58, gt=-1, lt=1)
    face_group_seconds: float = Field(default=2.0, gt=0)
    face_anonymous_days: int = Field(default=365, ge=1)

    face_again_seconds: float = Field(default=30.0, gt=0)
    face_again_batch: int = Field(default=16, ge=1, le=1000)
    face_again_grace_seconds: int = Field(default=600, ge=0)
    face_again_patience_seconds: int = Field(default=3600, ge=0)
    face_check_seconds: int = Field(default=86_400, ge=1)
    face_tell_seconds: float = Field(default=1.0, gt=0)
    face_empty_seconds: float = Field(default=2.0, gt=0)

    @field_validator("face_accept_licences", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _has_own_secret(self) -> Settings:
        secret = self.page_token_secret.get_secret_value()
        if self.profile is Profile.PRODUCTION and secret == _DEVELOPMENT_SECRET:
            raise ValueError("page_token_secret must be set in the production profile")
        return self

    def again_rules(self) -> AgainRules:
        """Say how eager looking again is."""
        return AgainRules(
            batch=self.face_again_batch,
            grace=timedelta(seconds=self.face_again_grace_seconds),
            patience=timedelta(seconds=self.face_again_patience_seconds),
            check=timedelta(seconds=self.face_check_seconds),
        )

    @property
    def anonymous_retention(self) -> timedelta:
        """How long an anonymous id lives without a new face."""
        return timedelta(days=self.face_anonymous_days)
