"""Promise: what a pack is, as `pack.json` in its folder says; nothing is run to know it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST = "pack.json"
_FILE = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.onnx$"
_SHA256 = r"^[0-9a-f]{64}$"
_UPRIGHT = {"yunet": 0.91, "scrfd": 0.7}
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(pattern=_FILE)
    sha256: str = Field(pattern=_SHA256)


class DetectorPart(_Part):
    """The graph that finds faces.

    Args:
        file: its name in the pack's folder.
        sha256: of that file, hex; another file is refused.
        kind: `scrfd` (insightface's SCRFD with five points) or `yunet` (libfacedetection).
        least_score: candidates below are no faces.
        sure_score: faces below are found, but no good for enrolment.
        upright_score: what upright faces reach; where none does, the picture may be turned. Unset:
            0.91 for `yunet`, which takes upside-down faces for upright ones of up to 0.9, and 0.7
            for `scrfd`.
    """

    kind: Literal["scrfd", "yunet"]
    least_score: float = Field(default=0.5, gt=0, lt=1)
    sure_score: float = Field(default=0.65, gt=0, lt=1)
    upright_score: float | None = Field(default=None, gt=0, lt=1)

    @property
    def upright(self) -> float:
        """`upright_score`, or what holds for the kind."""
        return self.upright_score or _UPRIGHT[self.kind]


class EmbedderPart(_Part):
    """The graph that makes vectors of faces cut out by five points.

    Args:
        file, sha256: as of the detector.
        kind: `arcface`: RGB floats (n, 3, side, side) in, (n, dimension) out.
        dimension: components of a vector.
        mean, std: a pixel becomes (pixel - mean) / std. Unset: insightface's own rule, 0 and 1 for
            a graph that subtracts and scales by itself, else 127.5 and 127.5.
    """

    kind: Literal["arcface"] = "arcface"
    dimension: int = Field(ge=2, le=4096)
    mean: float | None = None
    std: float | None = Field(default=None, gt=0)


class Manifest(BaseModel):
    """`pack.json`.

    Args:
        format: of the manifest.
        name, version: what people call it; `name` is what the setting that accepts a licence names.
        source: where the files come from, for people.
        licence: of the weights, an SPDX expression or a sentence.
        research_only: whether that licence allows research only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["kioku-faces-1"] = "kioku-faces-1"
    name: str = Field(pattern=_NAME)
    version: str = Field(pattern=_NAME)
    source: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    research_only: bool
    detector: DetectorPart
    embedder: EmbedderPart


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None: it has none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is wrong.
    """
    path = folder / MANIFEST
    return Manifest.model_validate_json(path.read_bytes()) if path.is_file() else None
