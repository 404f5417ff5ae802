"""Promise: what a purely visual model is, read from its manifest without running anything.

Such a model is a folder with `visual.json` and one ONNX file: pictures in, vectors out, no words.
Whether the graph takes floats or bytes, channels first or last, one picture or many, is written in
the graph itself; the manifest holds what is not.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kioku_embedder.preprocessing import Preprocessing

MANIFEST = "visual.json"

_Channels = tuple[float, float, float]
_Side = Annotated[int, Field(ge=1, le=1024)]


class Pictures(BaseModel):
    """The geometry and scaling of `Preprocessing`, by the same names; RGB."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    height: _Side
    width: _Side
    shortest_edge: _Side | None = None
    resample: int = Field(default=3, ge=0, le=5)
    scale: float = 1.0
    mean: _Channels = (0.0, 0.0, 0.0)
    std: _Channels = (1.0, 1.0, 1.0)


class Manifest(BaseModel):
    """`visual.json`.

    Args:
        format: of the manifest.
        model: the ONNX file's name in the same folder.
        sha256: of that file, hex; another file is refused.
        dimension: components of a vector; a graph's output is flattened to it.
        pictures: what the decoder makes of a picture. A graph that takes bytes gets them as they
            are; `scale`, `mean` and `std` are for graphs that take floats.
        output: the graph's output to take; empty for the first.
        licence: of the weights, as its author states it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["kioku-visual-1"]
    model: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    dimension: int = Field(ge=2, le=4096)
    pictures: Pictures
    output: str = ""
    licence: str = Field(min_length=1)

    @property
    def preprocessing(self) -> Preprocessing:
        """What the decoder's child does to each picture.

        Raises:
            ValueError: it would cut out more than it resized to.
        """
        pictures = self.pictures
        edge = pictures.shortest_edge
        if edge is not None and max(pictures.height, pictures.width) > edge:
            raise ValueError("pictures must not be cut to more than they were resized to")
        return Preprocessing(**pictures.model_dump())


def is_visual(folder: Path) -> bool:
    """Whether a checkpoint's folder is of this kind."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder, its file's digest compared.

    Raises:
        OSError: a file is missing.
        ValueError: the manifest is wrong, or the file is not the one it names.
    """
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    with (folder / manifest.model).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != manifest.sha256:
        raise ValueError(f"{manifest.model} is not the file its manifest names: SHA-256 {digest}")
    return manifest
