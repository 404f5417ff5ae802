"""Promise: YuNet graphs find faces through OpenCV's own class.

Wu, Peng and Yu, "YuNet: A tiny millisecond-level face detector", 2023.
"""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from kioku_face.packs.candidates import Candidates, none_found
from kioku_face.packs.engine import Pixels
from kioku_face.packs.scrfd import framed

_MOST = 20_000  # candidates of one view, many of one face
_ALL = 1.0  # overlap that OpenCV's own suppression allows: ours follows over all views
_SCORE = 14


class YunetDetector:
    """See `candidates.Detector`. OpenCV's class is for one thread, so each has its own.

    Args:
        path: the graph.
        side: of the square it takes; None: any size.
    """

    def __init__(self, path: Path, side: int | None) -> None:
        self._graph = np.frombuffer(path.read_bytes(), np.uint8)
        self._fixed = None if side is None else (side, side)
        self._own = threading.local()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # plain text in our log

    def candidates(self, view: Pixels, least_score: float) -> Candidates:
        """See the port."""
        frame = view if self._fixed is None else framed(view, self._fixed)
        detector = self._of_this_thread()
        detector.setScoreThreshold(least_score)
        detector.setInputSize((frame.shape[1], frame.shape[0]))
        _, rows = detector.detect(frame)
        if rows is None:
            return none_found()
        faces = np.asarray(rows, np.float32)
        boxes = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:4]], axis=1)
        return Candidates(boxes, faces[:, _SCORE], faces[:, 4:_SCORE].reshape(-1, 5, 2))

    def _of_this_thread(self) -> cv2.FaceDetectorYN:
        found: cv2.FaceDetectorYN | None = getattr(self._own, "detector", None)
        if found is None:
            found = self._opened()
            self._own.detector = found
        return found

    def _opened(self) -> cv2.FaceDetectorYN:
        nothing = np.zeros(0, np.uint8)
        return cv2.FaceDetectorYN.create(
            "onnx", self._graph, nothing, self._fixed or (320, 320), 0.5, _ALL, _MOST
        )
