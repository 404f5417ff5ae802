"""Promise: what detectors see in several views becomes one list in which no face is twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from kioku_face.face import Floats
from kioku_face.packs.engine import Pixels
from kioku_face.packs.views import View


@dataclass(frozen=True)
class Candidates:
    """What may be faces, in pixels of the picture or view they were seen in.

    Args:
        boxes: float32 (n, 4): left, top, right, bottom.
        scores: float32 (n,), 0 to 1.
        points: float32 (n, 5, 2): eyes, nose, corners of the mouth; the left ones first, as seen
            when the head is upright.
    """

    boxes: Floats
    scores: Floats
    points: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def taken(self, which: np.ndarray) -> Candidates:
        """Some of them, by index or mask."""
        return Candidates(self.boxes[which], self.scores[which], self.points[which])

    def out_of(self, view: View) -> Candidates:
        """Those that the view is there for, in pixels of its picture."""
        sides = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1, initial=0)
        own = self.taken((sides >= view.least) & (sides <= view.most))
        wide, high = view.size
        stretch = np.array(
            [(view.right - view.left) / wide, (view.bottom - view.top) / high], np.float32
        )
        corner = np.array([view.left, view.top], np.float32)
        boxes = own.boxes.reshape(-1, 2, 2) * stretch + corner
        return Candidates(boxes.reshape(-1, 4), own.scores, own.points * stretch + corner)


class Detector(Protocol):
    """A graph that finds faces. Blocks; may be called from several threads at once."""

    def candidates(self, view: Pixels, least_score: float) -> Candidates:
        """Everything in a view that scores enough; one face may be there many times.

        Args:
            view: uint8 (height, width, 3), BGR, C-contiguous.
        """
        ...


def none_found() -> Candidates:
    """No candidates."""
    return joined([])


def joined(parts: Sequence[Candidates]) -> Candidates:
    """All in one."""
    empty = Candidates(*(np.zeros(shape, np.float32) for shape in ((0, 4), (0,), (0, 5, 2))))
    every = [empty, *parts]
    return Candidates(
        np.concatenate([each.boxes for each in every]),
        np.concatenate([each.scores for each in every]),
        np.concatenate([each.points for each in every]),
    )


def without_doubles(found: Candidates, *, overlap: float, most: int) -> Candidates:
    """Greedy non-maximum suppression: of those that overlap, the one that scores best.

    Args:
        overlap: intersection over union from which two are the same face.
        most: that are kept, the best.
    """
    if not len(found):
        return found
    extents = found.boxes.astype(np.float64)
    extents[:, 2:] -= extents[:, :2]
    kept = cv2.dnn.NMSBoxes(extents, found.scores, 0.0, overlap)  # type: ignore[arg-type]
    return found.taken(np.asarray(kept, np.intp).reshape(-1)[:most])
