"""The yardstick: OpenCV decodes and detects, insightface aligns and embeds, nothing around it.

`python -m bench.faces_bare_loop THREADS` reads lines `SECONDS WAY` and answers each with one JSON
object. WAY is `one` (insightface's own `get`, a face after the other, as its FaceAnalysis does it)
or `many` (all faces of a picture in one run). It is its own process, so that it has the machine
as the service has it.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import warnings

import cv2
import numpy as np
import onnxruntime
from insightface.app.common import Face
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.utils import face_align

from bench.real_faces import DETECTOR, EMBEDDER, group_photos

EDGE = 640
LEAST_SCORE = 0.5


class Bare:
    """Both graphs.

    Args:
        threads: of each; 0: the libraries' own choice.
    """

    def __init__(self, threads: int) -> None:
        if threads:
            cv2.setNumThreads(threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            str(EMBEDDER), options, providers=["CPUExecutionProvider"]
        )
        self.embedder = ArcFaceONNX(model_file=str(EMBEDDER), session=session)
        self.detector = cv2.FaceDetectorYN.create(str(DETECTOR), "", (320, 320), LEAST_SCORE, 0.4)

    def faces_of(self, picture: np.ndarray) -> np.ndarray:
        """YuNet's rows, in pixels of the picture."""
        scale = min(1.0, EDGE / max(picture.shape[:2]))
        small = picture if scale == 1 else cv2.resize(picture, None, fx=scale, fy=scale)
        self.detector.setInputSize((small.shape[1], small.shape[0]))
        rows = self.detector.detect(small)[1]
        found = np.zeros((0, 15), np.float32) if rows is None else np.asarray(rows)
        return np.concatenate([found[:, :14] / scale, found[:, 14:]], axis=1)

    def vectors(self, picture: np.ndarray, way: str) -> np.ndarray:
        """Of all faces of a BGR picture, not normalised."""
        points = self.faces_of(picture)[:, 4:14].reshape(-1, 5, 2)
        if way == "one":
            made = [self.embedder.get(picture, Face(kps=five)) for five in points]
        else:
            crops = [face_align.norm_crop(picture, five, 112) for five in points]
            made = list(self.embedder.get_feat(crops)) if crops else []
        return np.array(made, np.float32).reshape(len(points), -1)

    def run(self, files: list[bytes], seconds: float, way: str) -> dict[str, float]:
        """Pictures and faces per second of one slice."""
        faces, begun = 0, time.perf_counter()
        for pictures, data in enumerate(itertools.cycle(files)):
            lasted = time.perf_counter() - begun
            if lasted >= seconds:
                return {"pictures": pictures / lasted, "faces": faces / lasted}
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None
            faces += len(self.vectors(picture, way))
        raise SystemExit("there are no pictures")


def main() -> None:
    """Answers until its input ends."""
    warnings.simplefilter("ignore")  # scikit-image's, of the alignment
    bare = Bare(int(sys.argv[1]))
    files = [photo.data for photo in group_photos() if photo.faces]
    bare.run(files, 0.5, "many")
    print("{}", flush=True)
    for line in sys.stdin:
        seconds, way = line.split()
        print(json.dumps(bare.run(files, float(seconds), way)), flush=True)


if __name__ == "__main__":
    main()
