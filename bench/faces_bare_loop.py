"""The yardstick: OpenCV decodes and detects, insightface aligns and embeds, nothing around it.

`python -m bench.faces_bare_loop THREADS` reads lines `ROUNDS WAY` and answers each with one JSON
object after so many rounds through the photos. WAY is `one` (insightface's own `get`, a face after
the other, as its FaceAnalysis does it) or `many` (all faces of a picture in one run). It is its own
process, so that it has the machine as the service has it.
"""

from __future__ import annotations

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

EDGE, LEAST_EDGE = 640, 448
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
        longest = max(picture.shape[:2])  # small pictures are enlarged, as one would by hand
        scale = min(4.0, EDGE / longest, max(1.0, LEAST_EDGE / longest))
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

    def run(self, files: list[bytes], rounds: int, way: str) -> dict[str, float]:
        """Pictures and faces, the seconds they took, and the seconds of CPU."""
        faces, begun, cpu = 0, time.perf_counter(), time.process_time()
        for data in files * rounds:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None
            faces += len(self.vectors(picture, way))
        return {
            "pictures": len(files) * rounds,
            "faces": faces,
            "seconds": time.perf_counter() - begun,
            "cpu": time.process_time() - cpu,
        }


def main() -> None:
    """Answers until its input ends."""
    warnings.simplefilter("ignore")  # scikit-image's, of the alignment
    bare = Bare(int(sys.argv[1]))
    files = [photo.data for photo in group_photos() if photo.faces]
    bare.run(files, 1, "many")
    print("{}", flush=True)
    for line in sys.stdin:
        rounds, way = line.split()
        print(json.dumps(bare.run(files, int(rounds), way)), flush=True)


if __name__ == "__main__":
    main()
