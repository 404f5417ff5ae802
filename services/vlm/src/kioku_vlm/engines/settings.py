"""Everything that can be set about models, for the service's own settings to inherit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

KIB = 2**10
_MOST_PIXELS = 28 * 28 * 1280
EngineName = Literal["rules", "transformers", "openai"]
WriterName = Literal["none", "transformers", "openai"]


@dataclass(frozen=True)
class ModelSettings:
    """One model: `engine` as `EngineSettings.vlm_engine`; `role` names its variables."""

    role: str
    engine: str
    model: str
    url: str
    api_key: SecretStr


class EngineSettings(BaseModel):
    """Which model reads pictures and which writes; without any, rules read and templates write.

    Attributes:
        vlm_engine: `rules`: no model; `transformers`: a local folder; `openai`: a server that
            speaks OpenAI's chat completions (vLLM, llama.cpp, Ollama).
        vlm_model: of `transformers` the folder, of `openai` the server's name of the model.
        vlm_model_url: of the server, without `/v1`.
        vlm_model_api_key: bearer token; empty: none is sent.
        vlm_device: `auto`, `cpu`, `cuda`, `cuda:1`.
        vlm_precision: `auto`: bfloat16 on a GPU, float32 on a CPU.
        vlm_threads: of the model on a CPU; 0: torch's own choice.
        vlm_model_start_seconds: until local weights are loaded.
        vlm_model_seconds: for one answer, the last byte included.
        vlm_model_concurrency: questions to a server at a time.
        vlm_model_queue: questions that a local model may have in hand.
        vlm_model_tokens: of an answer; one that is cut gets twice as many, once.
        vlm_model_pixels: of a picture as the model sees it.
        vlm_model_answer_bytes: of a server's answer.
        vlm_two_views: read what the model saw once more, to find text that only scaling shows.
        vlm_when_down: a picture that the model does not read is read by `rules`, or is `pending`
            until it does.
        vlm_breaker_failures, vlm_breaker_seconds: failures in a row before nobody asks the model,
            and for how long.
        vlm_writer: the model that words themes: `none`, or as `vlm_engine`.
        vlm_writer_model, vlm_writer_model_url, vlm_writer_model_api_key: likewise.
    """

    vlm_engine: EngineName = "rules"
    vlm_model: str = ""
    vlm_model_url: str = ""
    vlm_model_api_key: SecretStr = SecretStr("")
    vlm_device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    vlm_precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    vlm_threads: int = Field(default=0, ge=0, le=512)
    vlm_model_start_seconds: float = Field(default=300.0, gt=0)
    vlm_model_seconds: float = Field(default=120.0, gt=0)
    vlm_model_concurrency: int = Field(default=4, ge=1, le=256)
    vlm_model_queue: int = Field(default=8, ge=1, le=1000)
    vlm_model_tokens: int = Field(default=2048, ge=64, le=32_768)
    vlm_model_pixels: int = Field(default=_MOST_PIXELS, ge=28 * 28 * 16, le=50_000_000)
    vlm_model_answer_bytes: int = Field(default=256 * KIB, ge=KIB)
    vlm_two_views: bool = True
    vlm_when_down: Literal["rules", "pending"] = "rules"
    vlm_breaker_failures: int = Field(default=3, ge=1, le=100)
    vlm_breaker_seconds: float = Field(default=30.0, gt=0)

    vlm_writer: WriterName = "none"
    vlm_writer_model: str = "openai/gpt-oss-20b"
    vlm_writer_model_url: str = ""
    vlm_writer_model_api_key: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _a_model_has_a_name_and_a_place(self) -> Self:
        for model in (self.reader_model(), self.writer_model()):
            if model.engine in ("transformers", "openai") and not model.model:
                raise ValueError(f"KIOKU_{model.role} must name the model")
            if model.engine == "openai" and not model.url.startswith(("http://", "https://")):
                raise ValueError(
                    f"KIOKU_{model.role}_URL must be the address of the model's server"
                )
        return self

    def reader_model(self) -> ModelSettings:
        """The model that reads."""
        return ModelSettings(
            "VLM_MODEL",
            self.vlm_engine,
            self.vlm_model,
            _base(self.vlm_model_url),
            self.vlm_model_api_key,
        )

    def writer_model(self) -> ModelSettings:
        """The model that writes."""
        return ModelSettings(
            "VLM_WRITER_MODEL",
            self.vlm_writer,
            self.vlm_writer_model,
            _base(self.vlm_writer_model_url),
            self.vlm_writer_model_api_key,
        )


def _base(url: str) -> str:
    """Without a slash or `/v1` at its end: both ways are written in servers' own pages."""
    return url.rstrip("/").removesuffix("/v1")
