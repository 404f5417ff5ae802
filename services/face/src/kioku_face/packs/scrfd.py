"""Promise: SCRFD graphs find faces through insightface's own class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from insightface.model_zoo.scrfd import SCRFD

from kioku_face.packs.candidates import Candidates, none_found
from kioku_face.packs.engine import Pixels
from kioku_face.packs.licences import PackUnusable

_STEP = 32  # sides of what the graph takes are multiples of it


class ScrfdDetector:
    """See `candidates.Detector`.

    Args:
        path: the graph, for what insightface reads from it.
        session: that runs it; it may run in several threads at once.

    Raises:
        PackUnusable: the graph gives no five points.
    """

    def __init__(self, path: Path, session: onnxruntime.InferenceSession) -> None:
        # One session for all sizes: one for each would hold the weights once more for each.
        self._model = SCRFD(model_file=str(path), session=session, static_shape_sessions=False)
        if not self._model.use_kps:
            raise PackUnusable(f"The detector {path.name} finds no eyes, nose and mouth.")

    def candidates(self, view: Pixels, least_score: float) -> Candidates:
        """See the port."""
        fixed = self._model.static_input_size
        scores, boxes, points = self._model.forward(framed(view, fixed), least_score)
        if not sum(map(len, scores)):
            return none_found()
        return Candidates(
            np.vstack(boxes).astype(np.float32),
            np.concatenate([each.reshape(-1) for each in scores]).astype(np.float32),
            np.vstack(points).astype(np.float32),
        )


def framed(view: Pixels, fixed: tuple[int, int] | None) -> Pixels:
    """The view in the upper left of a black frame of the graph's own size (width, height), or of
    the next multiples of 32."""
    high, wide = view.shape[:2]
    frame_wide, frame_high = fixed or (-(-wide // _STEP) * _STEP, -(-high // _STEP) * _STEP)
    if (frame_wide, frame_high) == (wide, high):
        return view
    frame = np.zeros((frame_high, frame_wide, 3), np.uint8)
    frame[:high, :wide] = view
    return frame
