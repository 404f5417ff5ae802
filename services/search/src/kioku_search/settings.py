"""What this service reads from its environment, once, in main."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from kioku_rt.errors import InvalidInput
from kioku_rt.settings import Profile
from kioku_rt.storage_settings import StorageSettings
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from kioku_search.assets.admission import UploadRules
from kioku_search.assets.asset import Kind
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.recall_watch import RecallRules
from kioku_search.reconciling.repair import RepairRules
from kioku_search.spaces.filling import FillRules

_DEVELOPMENT_SECRET = "kioku-development-page-tokens"  # noqa: S105 - refused in production
_MIB = 2**20


class Settings(StorageSettings):
    """Settings of `search`; see `RuntimeSettings` for those every service has.

    Attributes:
        search_api_dsn, search_worker_dsn: the two roles, see `architecture/search.md`.
        search_owner_dsn: the role that owns the schema; only `migrate` uses it.
        search_index_dsn: the role that owns the vectors' tables, used while an index job lasts and
            for nothing else; without it this process builds no index (decision 0020).
        search_sealer_dsn: the role that seals the audit and can do nothing else; without it this
            process seals nothing.
        embedder_target: gRPC target of the embedder, for example `ipv4:127.0.0.1:1,127.0.0.1:2`.
        page_token_secret: signs page tokens; the same in every process.
        answer_cache_entries, answer_cache_bytes: how many answers are kept in memory, and about how
            many bytes all together; 0 entries: none.
        answer_cache_seconds: an answer that was made longer ago is dropped, right or not.
        page_depth, page_depth_fused: how far beyond its first page a ranking is kept at once, for
            later pages: of one list, and where lists may be fused.
        page_life_seconds: how long it is kept.
        page_rankings: how many of one owner are kept, the newest.
        deletion_participants: who must confirm a deletion.
        upload_max_bytes, video_max_bytes: of one picture, of one video.
        accept_videos: whether videos are taken at all; if not, they are VIDEO_UNSUPPORTED.
        handler_seconds: the longest a handler of any participant may run; a deleted picture's
            storage is swept a second time when that and a signed URL's life are over.
        cutting_seconds: the longest that cutting one video may run, and so the same for videos.
        ef_search: candidates that a graph keeps, where its space has no effort of its own yet.
        recall_target: mean recall that efforts are kept for; 0: they stay as they are.
        recall_share: of searches by an index that are run again, exactly, in the background.
        recall_duty: share of one connection's time that running again may take.
        recall_window: searches run twice that recall is told of, for each space.
        index_build_mib: memory that building an index may take.
        index_method, index_opclass, index_m, index_ef_construction, index_lists: of spaces that
            this process registers.
        face_index_method, face_index_opclass: the same of spaces of faces.
        scrub_seconds: how often files that held erased faces are rewritten, if any were erased.
        words_seconds: how often words that other code changed are written.
        calibration_seconds: how often it is looked whether a space's background is due.
        repair_grace_seconds: how long a stage may be pending before it may be repaired.
        backfill_in_flight: vectors of one space that a back-fill has ordered and that did not
            come yet, at most.
        backfill_grace_seconds: how long an asset may be READY before other spaces lack it.
        backfill_search_ms: a back-fill slows down while more than one search in ten takes longer in
            the database; 0: it never does.
        backfill_patience_seconds: after which an order that brought nothing is given again.
        compare_seconds: how often rows are compared with rows for the gauges.
    """

    search_api_dsn: SecretStr = SecretStr("postgresql://search_api@127.0.0.1:5432/kioku")
    search_worker_dsn: SecretStr = SecretStr("postgresql://search_worker@127.0.0.1:5432/kioku")
    search_owner_dsn: SecretStr = SecretStr("postgresql://kioku@127.0.0.1:5432/kioku")
    search_index_dsn: SecretStr | None = None
    search_sealer_dsn: SecretStr | None = None
    api_connections: int = Field(default=16, ge=1, le=200)
    worker_connections: int = Field(default=16, ge=4, le=200)
    embedder_target: str = "127.0.0.1:50052"
    embedder_seconds: float = Field(default=20.0, gt=0)
    page_token_secret: SecretStr = SecretStr(_DEVELOPMENT_SECRET)

    upload_max_bytes: int = Field(default=64 * _MIB, ge=1)
    accept_videos: bool = True
    video_max_bytes: int = Field(default=2048 * _MIB, ge=1)
    upload_patience_seconds: int = Field(default=86_400, ge=1)

    ef_search: int = Field(default=200, ge=10, le=1000)
    recall_target: float = Field(default=0.98, ge=0, le=1)
    recall_share: float = Field(default=0.01, ge=0, le=1)
    recall_window: int = Field(default=400, ge=200, le=100_000)
    recall_waiting: int = Field(default=16, ge=1, le=10_000)
    recall_duty: float = Field(default=0.1, gt=0, le=1)
    index_build_mib: int = Field(default=1024, ge=1)
    index_method: IndexMethod = IndexMethod.HNSW
    index_opclass: OperatorClass = OperatorClass.COSINE
    index_m: int = 16
    index_ef_construction: int = 128
    index_lists: int = 100
    face_index_method: IndexMethod = IndexMethod.HNSW
    face_index_opclass: OperatorClass = OperatorClass.COSINE
    text_cache_entries: int = Field(default=10_000, ge=0)
    image_cache_entries: int = Field(default=1_000, ge=0)
    answer_cache_entries: int = Field(default=10_000, ge=0)
    answer_cache_bytes: int = Field(default=64 * _MIB, ge=0)
    answer_cache_seconds: int = Field(default=300, ge=1)
    page_depth: int = Field(default=1, ge=1, le=1000)
    page_depth_fused: int = Field(default=80, ge=1, le=1000)
    page_life_seconds: int = Field(default=900, ge=2)
    page_rankings: int = Field(default=1_000, ge=1)

    deletion_participants: Annotated[tuple[str, ...], NoDecode] = ("search",)
    handler_seconds: int = Field(default=300, ge=1)
    cutting_seconds: int = Field(default=7200, ge=1)

    embedding_slots: int = Field(default=8, ge=1, le=100)
    repair_seconds: float = Field(default=30.0, gt=0)
    repair_grace_seconds: int = Field(default=120, ge=0)
    repair_longest_seconds: int = Field(default=3600, ge=1)
    repair_batch: int = Field(default=100, ge=1, le=1000)
    compare_seconds: float = Field(default=3600.0, gt=0)
    housekeeping_seconds: float = Field(default=30.0, gt=0)
    scrub_seconds: float = Field(default=900.0, gt=0)
    backfill_seconds: float = Field(default=1.0, gt=0)
    backfill_in_flight: int = Field(default=256, ge=1, le=10_000)
    backfill_search_ms: float = Field(default=50.0, ge=0)
    backfill_grace_seconds: int = Field(default=30, ge=0)
    backfill_patience_seconds: int = Field(default=600, ge=1)
    words_seconds: float = Field(default=5.0, gt=0)
    calibration_seconds: float = Field(default=60.0, gt=0)

    @field_validator("deletion_participants", mode="before")
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

    @model_validator(mode="after")
    def _has_possible_index(self) -> Settings:
        try:
            self.index_parameters().checked()
        except InvalidInput as error:
            raise ValueError(f"index_*: {error.message}") from error
        return self

    def upload_rules(self) -> UploadRules:
        """Say what uploads are accepted."""
        return UploadRules(
            max_bytes=self.upload_max_bytes,
            max_video_bytes=self.video_max_bytes,
            videos=self.accept_videos,
            patience=timedelta(seconds=self.upload_patience_seconds),
        )

    def repair_rules(self) -> RepairRules:
        """Say how eager repairs are."""
        return RepairRules(
            grace=timedelta(seconds=self.repair_grace_seconds),
            longest=timedelta(seconds=self.repair_longest_seconds),
            batch=self.repair_batch,
            every_nth=20,
        )

    def fill_rules(self) -> FillRules:
        """Say how back-fills work."""
        return FillRules(
            in_flight=self.backfill_in_flight,
            grace=timedelta(seconds=self.backfill_grace_seconds),
            patience=timedelta(seconds=self.backfill_patience_seconds),
        )

    def recall_rules(self) -> RecallRules:
        """Say how much of recall is measured, and what for."""
        return RecallRules(
            share=self.recall_share,
            target=self.recall_target,
            waiting=self.recall_waiting,
            duty=self.recall_duty,
            ef_search=self.ef_search,
        )

    def index_parameters(self) -> Parameters:
        """Say what indexes new spaces get."""
        return Parameters(
            self.index_method,
            self.index_opclass,
            self.index_m,
            self.index_ef_construction,
            self.index_lists,
        )

    def face_index_parameters(self) -> Parameters:
        """Say what indexes new spaces of faces get."""
        return replace(
            self.index_parameters(),
            method=self.face_index_method,
            opclass=self.face_index_opclass,
        )

    @property
    def build_bytes(self) -> int:
        """What building an index may take."""
        return self.index_build_mib * _MIB

    @property
    def url_lifetime(self) -> timedelta:
        """How long after its last signature an object can still be written, a minute to spare."""
        return timedelta(seconds=self.s3_url_ttl_seconds + 60)

    def sweep_delays(self) -> dict[Kind, timedelta]:
        """When no signed URL and no handler of the moment of a deletion can be alive any more."""
        handlers = max(self.handler_seconds, self.cutting_seconds)
        return {
            Kind.IMAGE: self.url_lifetime + timedelta(seconds=self.handler_seconds),
            Kind.VIDEO: self.url_lifetime + timedelta(seconds=handlers),
        }
