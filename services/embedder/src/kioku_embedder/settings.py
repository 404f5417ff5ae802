"""Promise: everything that can be set about the embedder, read once, named here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, FilePath

from kioku_embedder.hosted.settings import HostedSettings

MIB = 2**20


class Settings(HostedSettings):
    """Environment of the embedder; for a hosted model see `HostedSettings`.

    `SIGLIP_MODEL_NAME`, `SIGLIP_DEVICE` and `BATCH_SIZE` are the specification's names and have no
    prefix; every other variable starts with `KIOKU_`.

    Args:
        siglip_model_name: a folder or a hub id of a SigLIP (1, 2) or CLIP checkpoint.
        siglip_device: torch's name of the device.
        batch_size: most items of one pass.
        embedder_engine: what runs the model; `auto` is the fastest that is installed and able.
        embedder_precision: arithmetic of the model; part of the space. `auto` is the fastest of
            this machine that stays faithful, so it is for fleets of like machines.
        embedder_min_fidelity: lowest cosine to float32 with which an engine is accepted; lower it
            to serve a less faithful precision that you have named.
        embedder_cache_dir: folder for exports, proofs and digests; without it
            `$XDG_CACHE_HOME/kioku/embedder`.
        embedder_compile: whether torch compiles the model; for GPUs.
        embedder_idle_seconds: after so long without work the weights leave memory; 0: never.
        embedder_threads: torch's threads on a CPU; 0 is torch's own choice, one per core.
        embedder_preload: read the weights at start instead of with the first item.
        embedder_pass_seconds: how long one pass may take, unless one item alone takes longer; an
            interactive query waits at most this long for bulk work.
        embedder_queue_limit: most items of each priority in hand before OVERLOADED.
        embedder_weight_limit: megapixels plus megabytes of pictures in hand that somebody waits
            for before OVERLOADED.
        embedder_decoders: decoder processes.
        embedder_slots: events of one consumer in hand at once.
        embedder_frame_slots: ranges of video frames in hand at once; each has a batch in memory.
        embedder_window: pictures of one EmbedImages stream in hand at once.
        embedder_handler_seconds: after this one delivery of an event counts as failed; long enough
            for all slots to pass a slow model one by one.
        embedder_stuck_seconds: a pass that takes longer ends the process.
        embedder_upload_max_bytes: of an uploaded picture; an rpc carries 16 MiB.
        embedder_second_model: a folder or a hub id of a second checkpoint, whose space is served to
            those who name it; empty: there is none.
        embedder_second_device, embedder_second_engine, embedder_second_precision: of the second
            model; empty: as of the first.
        embedder_second_stuck_seconds: a loading or a pass of the second model that takes longer
            closes it to new work until it is over; the process lives on.
        embedder_foreign_seconds: how long an event for a space that is not served here is given
            back, so that another embedder can take it, before it is dead.
        tags_synonyms: a file with the app's own synonyms for the tags space; part of that space, so
            the same in every process.
    """

    siglip_model_name: str = Field(
        default="google/siglip2-base-patch16-256", validation_alias="SIGLIP_MODEL_NAME"
    )
    siglip_device: str = Field(default="cuda", validation_alias="SIGLIP_DEVICE")
    batch_size: int = Field(default=8, ge=1, le=256, validation_alias="BATCH_SIZE")
    embedder_engine: Literal["auto", "torch", "openvino", "onnxruntime"] = "auto"
    embedder_precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = "float32"
    embedder_min_fidelity: float = Field(default=0.999, ge=0, le=1)
    embedder_cache_dir: Path | None = None
    embedder_compile: bool = False
    embedder_idle_seconds: float = Field(default=0.0, ge=0)
    embedder_threads: int = Field(default=0, ge=0)
    embedder_preload: bool = False
    embedder_pass_seconds: float = Field(default=0.1, gt=0)
    embedder_queue_limit: int = Field(default=128, ge=1)
    embedder_weight_limit: float = Field(default=1_000.0, gt=0)
    embedder_decoders: int = Field(default=0, ge=0)
    embedder_slots: int = Field(default=16, ge=1)
    embedder_frame_slots: int = Field(default=2, ge=1)
    embedder_window: int = Field(default=16, ge=1)
    embedder_handler_seconds: float = Field(default=300.0, gt=0)
    embedder_stuck_seconds: float = Field(default=120.0, gt=0)
    embedder_upload_max_bytes: int = Field(default=64 * MIB, ge=1)
    embedder_second_model: str = ""
    embedder_second_device: str = ""
    embedder_second_engine: Literal["", "auto", "torch", "openvino", "onnxruntime"] = ""
    embedder_second_precision: Literal["", "auto", "float32", "bfloat16", "float16", "int8"] = ""
    embedder_second_stuck_seconds: float = Field(default=30.0, gt=0)
    embedder_foreign_seconds: float = Field(default=3600.0, ge=0)
    tags_synonyms: FilePath | None = None

    def second(self) -> Settings | None:
        """These settings as the second model reads them; None where there is none."""
        if not self.embedder_second_model:
            return None
        own = {
            "siglip_model_name": self.embedder_second_model,
            "siglip_device": self.embedder_second_device or self.siglip_device,
            "embedder_engine": self.embedder_second_engine or self.embedder_engine,
            "embedder_precision": self.embedder_second_precision or self.embedder_precision,
        }
        return self.model_copy(update=own)

    @property
    def decoders(self) -> int:
        """Decoder processes: as set, or one per core."""
        return self.embedder_decoders or len(os.sched_getaffinity(0))

    @property
    def cache_dir(self) -> Path:
        """Where exports, proofs and digests are kept."""
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        return self.embedder_cache_dir or home / "kioku" / "embedder"
