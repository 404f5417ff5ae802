"""Writing that a person would hardly see: faint on its ground, or there only when scaled down."""

from __future__ import annotations

import cv2
import numpy as np

from kioku_vlm.page import Line
from kioku_vlm.reading.lines import Frame, language_of, lines_of
from kioku_vlm.reading.raster import Grey, Raster
from kioku_vlm.reading.recogniser import ENGLISH, HORIZONTAL, Recogniser
from kioku_vlm.reading.strokes import strokes_of

_FAINT, _VISIBLE = 3, 48
"""Levels between ink and ground: less is noise, more can be seen."""
_GAIN = 5.0
_PIECES, _SURE, _LETTERS = 12, 0.8, 10
_SMALL_EDGE = 768
_FLAT, _BUSY, _TILE = 6.0, 22.0, 32


def hidden_lines(raster: Raster, frame: Frame, recogniser: Recogniser) -> list[Line]:
    """Lines of both kinds; that nothing is hidden costs milliseconds."""
    found = []
    for view in (_faint(raster), _only_small(raster)):
        if view is None or strokes_of(view).count < _PIECES:
            continue
        placed = Frame(view.to_page, frame.width, frame.height)
        found += [
            line
            for line in _read(view, placed, recogniser)
            if line.confidence >= _SURE and sum(map(str.isalnum, line.text)) >= _LETTERS
        ]
    return found


def _read(view: Raster, placed: Frame, recogniser: Recogniser) -> list[Line]:
    """Its lines, Latin words by the language that knows them."""
    lines = lines_of(recogniser.rows(view.grey, HORIZONTAL), placed, vertical=False)
    if language_of(lines) != "en":
        return lines
    return lines_of(recogniser.rows(view.grey, ENGLISH), placed, vertical=False)


def _faint(raster: Raster) -> Raster | None:
    """Only what differs a little from its ground, made black; None: there is no such thing."""
    ground = cv2.medianBlur(raster.grey, 31)
    apart = cv2.absdiff(raster.grey, ground)
    seen = cv2.dilate((apart > _VISIBLE).astype(np.uint8), np.ones((9, 9), np.uint8))
    faint = np.where((seen == 0) & (apart >= _FAINT), apart, 0).astype(np.float32)
    if np.count_nonzero(faint) < _PIECES * _PIECES:
        return None
    smooth = cv2.GaussianBlur(faint, (3, 3), 0)
    strong = float(np.percentile(smooth[smooth > 0], 90))
    grey = 255 - np.clip(smooth * (255.0 / max(strong, _GAIN)), 0, 255)
    return Raster(grey.astype(np.uint8), raster.to_page)


def _only_small(raster: Raster) -> Raster | None:
    """The picture scaled as a careless scaler does, where a careful one sees nothing there."""
    factor = _SMALL_EDGE / max(raster.size)
    if factor >= 0.75:
        return None
    size = tuple(max(1, round(side * factor)) for side in raster.size)
    careful = np.asarray(cv2.resize(raster.grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    for how in (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC):
        careless = np.asarray(cv2.resize(raster.grey, size, interpolation=how), np.uint8)
        strange = _strange(careful, careless)
        if strange.any():
            shown = np.where(strange, careless, 255).astype(np.uint8)
            back = np.diag([raster.size[0] / size[0], raster.size[1] / size[1], 1.0])
            return Raster(shown, raster.to_page @ back).levelled().scaled(2.0)
    return None


def _strange(careful: Grey, careless: Grey) -> np.ndarray:
    """Where a flat tile has become a busy one."""
    height, width = (side // _TILE * _TILE for side in careful.shape)
    flat, busy = (
        view[:height, :width]
        .astype(np.float32)
        .reshape(height // _TILE, _TILE, width // _TILE, _TILE)
        .std(axis=(1, 3))
        for view in (careful, careless)
    )
    tiles = ((flat < _FLAT) & (busy > _BUSY)).repeat(_TILE, 0).repeat(_TILE, 1)
    whole = np.zeros(careful.shape, bool)
    whole[:height, :width] = tiles
    return whole
