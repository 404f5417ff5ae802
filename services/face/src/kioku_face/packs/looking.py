"""Promise: a picture is looked at in every view and, where nothing is there, turned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from kioku_face.packs.candidates import (
    Candidates,
    Detector,
    joined,
    without_doubles,
)
from kioku_face.packs.engine import Pixels
from kioku_face.packs.turning import QUARTERS, turned_back
from kioku_face.packs.views import View, ViewRules, tile_views, whole_views

_DOUBTFUL = 1e-3


@dataclass(frozen=True)
class LookingRules:
    """How faces are looked for.

    Args:
        views: at which sizes a picture is looked at.
        overlap: intersection over union from which two candidates are the same face.
        most_faces: that one picture gives, the surest.
        turned: whether a picture without a face that is surely upright is looked at on its sides
            and upside down.
        turned_score: what a face must score there, since most such pictures show none.
    """

    views: ViewRules = field(default_factory=ViewRules)
    overlap: float = 0.4
    most_faces: int = 500
    turned: bool = True
    turned_score: float = 0.7


class Looking:
    """Where faces may be.

    Args:
        least_score: candidates below are no faces.
        upright_score: what upright faces reach.
    """

    def __init__(
        self, detector: Detector, *, least_score: float, upright_score: float, rules: LookingRules
    ) -> None:
        self._detector = detector
        self._least_score = least_score
        self._upright_score = upright_score
        self._rules = rules

    def faces_of(self, picture: Pixels) -> Candidates:
        """Each face once, the surest first, in pixels of the picture (RGB)."""
        high, wide = picture.shape[:2]
        rules = self._rules.views
        views = [*whole_views(wide, high, rules), *tile_views(wide, high, rules)]
        found = self._seen(picture, views, self._least_score)
        if self._rules.turned and found.scores.max(initial=0) < self._upright_score:
            return self._best_way_up(picture, found)
        return found

    def _seen(self, picture: Pixels, views: Iterable[View], least_score: float) -> Candidates:
        """What all views show, each face once."""
        parts = [
            self._detector.candidates(pixels_of(picture, view), least_score).out_of(view)
            for view in views
        ]
        return without_doubles(
            joined(parts), overlap=self._rules.overlap, most=self._rules.most_faces
        )

    def _best_way_up(self, picture: Pixels, found: Candidates) -> Candidates:
        """What the way up shows that shows most; `found` is what the picture shows as it is."""
        ways = [found, *(self._on_its_side(picture, quarters) for quarters in QUARTERS)]
        return max(ways, key=self._sureness)

    def _sureness(self, found: Candidates) -> float:
        """Of all faces together; of the doubtful ones only to tell them from none."""
        sure = float(found.scores[found.scores >= self._rules.turned_score].sum())
        return sure or float(found.scores.max(initial=0)) * _DOUBTFUL

    def _on_its_side(self, picture: Pixels, quarters: int) -> Candidates:
        turned = np.rot90(picture, quarters)
        high, wide = turned.shape[:2]
        views = whole_views(wide, high, self._rules.views)
        least = max(self._rules.turned_score, self._least_score)
        found = self._seen(turned, views, least)
        return turned_back(found, quarters, picture.shape[1], picture.shape[0])


def pixels_of(picture: Pixels, view: View) -> Pixels:
    """What a detector sees of a view, BGR; what is made smaller is averaged, not sampled."""
    part = np.ascontiguousarray(picture[view.top : view.bottom, view.left : view.right])
    if view.size != (part.shape[1], part.shape[0]):
        kernel = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
        part = cv2.resize(part, view.size, interpolation=kernel).astype(np.uint8, copy=False)
    return cv2.cvtColor(part, cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)
