"""Views of a drawn document: as a file, a scan, a photo, or turned; truth moves with the pixels."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from PIL import Image, ImageFilter

from kioku_scenes.documents.document import DrawnDocument
from kioku_scenes.documents.frame import Frame
from kioku_scenes.documents.homography import Matrix, coefficients, project_frame, projection
from kioku_scenes.documents.page import Run
from kioku_scenes.documents.truth import Sight


class Degrade(StrEnum):
    """How a document comes to the service."""

    CLEAN = "clean"
    SCAN = "scan"
    """Grey, slightly askew, with noise and JPEG."""
    PHOTO = "photo"
    """On a table by hand: perspective, a shadow, low light, a little blur, noise, JPEG."""
    TURNED_90 = "turned-90"
    """A quarter clockwise."""
    TURNED_180 = "turned-180"


@dataclass(frozen=True)
class Sheet:
    """One page as it is seen.

    Attributes:
        image: RGB.
        runs: what is written, frames in pixels of `image`.
        matrix: takes pixels of the drawn page to pixels of `image`.
    """

    image: Image.Image
    runs: tuple[Run, ...]
    matrix: Matrix


@dataclass(frozen=True)
class View:
    """A document as it is seen.

    Attributes:
        document: as it was drawn.
        name: how it is seen.
        sheets: its pages.
        turned: degrees clockwise by which every sheet was turned (0, 90, 180).
    """

    document: DrawnDocument
    name: Degrade
    sheets: tuple[Sheet, ...]
    turned: int = 0

    def upright(self) -> View:
        """The same before it was turned."""
        if not self.turned:
            return self
        sheets = tuple(_sheet(page.image, tuple(page.runs)) for page in self.document.pages)
        return View(self.document, self.name, sheets)

    def see(self, sight: Sight) -> Sight:
        """Where words of the drawn document are in this view."""
        matrix = self.sheets[sight.page - 1].matrix
        return replace(sight, frame=project_frame(matrix, sight.frame))


def degrade(document: DrawnDocument, how: Degrade) -> View:
    """A view of a document; the same document and way give the same pixels."""
    rng = random.Random(f"{document.name}/{how}")
    if how in _TURNS:
        turned = _TURNS[how]
        sheets = [_turned(page.image, tuple(page.runs), turned) for page in document.pages]
        return View(document, how, tuple(sheets), turned)
    make = _WAYS[how]
    return View(
        document, how, tuple(make(page.image, tuple(page.runs), rng) for page in document.pages)
    )


def _clean(image: Image.Image, runs: tuple[Run, ...], _: random.Random) -> Sheet:
    return _sheet(image, runs)


def _sheet(image: Image.Image, runs: tuple[Run, ...]) -> Sheet:
    return Sheet(image, runs, np.eye(3))


def _turned(image: Image.Image, runs: tuple[Run, ...], degrees: int) -> Sheet:
    width, height = image.size
    corners = Frame(0, 0, width, height).corners
    if degrees == 90:
        shown = image.transpose(Image.Transpose.ROTATE_270)
        moved: tuple[tuple[float, float], ...] = ((height, 0), (height, width), (0, width), (0, 0))
    else:
        shown = image.transpose(Image.Transpose.ROTATE_180)
        moved = ((width, height), (0, height), (0, 0), (width, 0))
    return _moved(shown, runs, projection(corners, moved))


def _scan(image: Image.Image, runs: tuple[Run, ...], rng: random.Random) -> Sheet:
    lean = rng.uniform(0.004, 0.012) * rng.choice((-1, 1))
    width, height = image.size
    rise, drift = width * lean, height * lean
    target = ((-drift / 2, rise / 2), (width - drift / 2, -rise / 2),
              (width + drift / 2, height - rise / 2), (drift / 2, height + rise / 2))  # fmt: skip
    matrix = projection(Frame(0, 0, width, height).corners, target)
    seen = _warped(image, matrix, (width, height), (250, 250, 250)).convert("L").convert("RGB")
    pixels = np.asarray(seen, float)
    pixels = 255 - (255 - pixels) * rng.uniform(0.82, 0.95) + _noise(pixels.shape, 4, rng)
    return _moved(_jpeg(_picture(pixels), 70), runs, matrix)


def _photo(image: Image.Image, runs: tuple[Run, ...], rng: random.Random) -> Sheet:
    width, height = image.size
    size = round(width * 1.12), round(height * 1.12)
    target = [
        (x * 1.12 + width * rng.uniform(-0.035, 0.035) + inward * width * 0.05,
         y * 1.12 + height * rng.uniform(-0.025, 0.025) + downward * height * 0.045)
        for (x, y), (inward, downward) in zip(
            Frame(0, 0, width, height).corners, ((1, 1), (-1, 1), (-1, -1), (1, -1)), strict=True
        )
    ]  # fmt: skip
    matrix = projection(Frame(0, 0, width, height).corners, target)
    table = rng.choice(((92, 70, 52), (58, 60, 64), (150, 140, 128)))
    pixels = np.asarray(_warped(image, matrix, size, table), float)
    lit = pixels * _shadow(size, rng)[..., None] * np.array([1.0, 0.97, rng.uniform(0.86, 0.95)])
    seen = _picture(lit + _noise(lit.shape, 5, rng)).filter(ImageFilter.GaussianBlur(0.8))
    return _moved(_jpeg(seen, 68), runs, matrix)


def _shadow(size: tuple[int, int], rng: random.Random) -> np.ndarray:
    """Light that falls off to one side, and the soft edge of whoever holds the camera."""
    width, height = size
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    angle = rng.uniform(0, 2 * np.pi)
    along = across * np.cos(angle) + down * np.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    light = rng.uniform(0.72, 0.9) * (1 - 0.22 * along)
    edge = rng.uniform(0.55, 0.85)
    return np.asarray(light * (1 - 0.18 / (1 + np.exp(-(along - edge) * 24))))


def _noise(shape: tuple[int, ...], strength: float, rng: random.Random) -> np.ndarray:
    return np.random.default_rng(rng.getrandbits(32)).normal(0, strength, shape)


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    return Image.open(io.BytesIO(held.getvalue())).convert("RGB")


def _warped(
    image: Image.Image, matrix: Matrix, size: tuple[int, int], around: tuple[int, int, int]
) -> Image.Image:
    return image.transform(
        size, Image.Transform.PERSPECTIVE, coefficients(matrix), Image.Resampling.BICUBIC,
        fillcolor=around,
    )  # fmt: skip


def _moved(image: Image.Image, runs: tuple[Run, ...], matrix: Matrix) -> Sheet:
    return Sheet(image, tuple(_moved_run(run, matrix) for run in runs), matrix)


def _moved_run(run: Run, matrix: Matrix) -> Run:
    return replace(run, frames=tuple(project_frame(matrix, frame) for frame in run.frames))


_WAYS: dict[Degrade, Callable[[Image.Image, tuple[Run, ...], random.Random], Sheet]] = {
    Degrade.CLEAN: _clean,
    Degrade.SCAN: _scan,
    Degrade.PHOTO: _photo,
}
_TURNS = {Degrade.TURNED_90: 90, Degrade.TURNED_180: 180}
