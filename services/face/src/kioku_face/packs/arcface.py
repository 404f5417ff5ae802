"""Promise: ArcFace-shaped graphs make vectors through insightface's own class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from insightface.model_zoo.arcface_onnx import ArcFaceONNX

from kioku_face.face import Floats
from kioku_face.packs.engine import Pixels
from kioku_face.packs.manifest import EmbedderPart

_AT_ONCE = 2  # crops of one run; more leave a core's cache, and cost a sixth more each at 16


class ArcfaceEmbedder:
    """See `engine.FaceEmbedder`.

    Args:
        path: the graph, for what insightface reads from it.
        session: that runs it.
        part: the manifest's own mean and scale go before insightface's rule.
    """

    def __init__(
        self, path: Path, session: onnxruntime.InferenceSession, part: EmbedderPart
    ) -> None:
        self._model = ArcFaceONNX(model_file=str(path), session=session)
        if part.mean is not None:
            self._model.input_mean = part.mean
        if part.std is not None:
            self._model.input_std = part.std
        self._dimension = part.dimension
        self._at_once = 1 if isinstance(self._model.input_shape[0], int) else _AT_ONCE

    @property
    def side(self) -> int:
        """See the port."""
        return int(self._model.input_size[0])

    def vectors(self, crops: Sequence[Pixels]) -> Floats:
        """See the port."""
        parts = [
            self._model.get_feat([np.ascontiguousarray(crop[..., ::-1]) for crop in some])
            for at in range(0, len(crops), self._at_once)
            if (some := crops[at : at + self._at_once])
        ]
        made: Floats = np.concatenate([np.zeros((0, self._dimension), np.float32), *parts])
        return made.astype(np.float32, copy=False)
