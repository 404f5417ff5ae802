"""Eyes, their brows, and glasses before them."""

import random
from dataclasses import dataclass

import numpy as np

from kioku_scenes.colour import Rgb, mix
from kioku_scenes.people.mood import Mood
from kioku_scenes.people.pose import Points, oval
from kioku_scenes.people.sketch import Sketch

_IRISES: tuple[Rgb, ...] = (
    (52, 34, 22), (92, 58, 30), (138, 92, 44), (70, 110, 62), (60, 104, 160), (110, 130, 140),
)  # fmt: skip
_FRAMES: tuple[Rgb, ...] = (
    (24, 24, 28), (120, 40, 36), (40, 60, 130), (150, 110, 60), (190, 190, 196), (60, 110, 80),
)  # fmt: skip
_BLACK, _WHITE = (18, 14, 14), (246, 244, 240)


@dataclass(frozen=True)
class Glasses:
    """Round (1) to square (0.3) rims before each eye."""

    colour: Rgb
    across: float
    down: float
    power: float
    thick: float


@dataclass(frozen=True)
class Eyes:
    """Lengths in head units; tilts in radians, outer ends up."""

    apart: float
    y: float
    across: float
    down: float
    tilt: float
    iris: Rgb
    iris_size: float
    lid: float
    brow_up: float
    brow_long: float
    brow_thick: float
    brow_tilt: float
    brow_bend: float
    glasses: Glasses | None

    @property
    def middles(self) -> Points:
        """Both eyes' middles (2, 2), the one on the picture's left first."""
        return np.array([[-self.apart, self.y], [self.apart, self.y]])


def invent_eyes(rng: random.Random) -> Eyes:
    """Eyes, brows and perhaps glasses of somebody."""
    apart = rng.uniform(0.29, 0.4)
    return Eyes(
        apart=apart,
        y=rng.uniform(-0.06, 0.1),
        across=rng.uniform(0.1, 0.18),
        down=rng.uniform(0.05, 0.13),
        tilt=rng.uniform(-0.25, 0.3),
        iris=mix(rng.choice(_IRISES), rng.choice(_IRISES), rng.uniform(0, 0.4)),
        iris_size=rng.uniform(0.055, 0.09),
        lid=rng.uniform(0.012, 0.045),
        brow_up=rng.uniform(0.15, 0.28),
        brow_long=rng.uniform(0.13, 0.22),
        brow_thick=rng.uniform(0.02, 0.085),
        brow_tilt=rng.uniform(-0.3, 0.3),
        brow_bend=rng.uniform(0.0, 0.09),
        glasses=_invent_glasses(rng, apart) if rng.random() < 0.3 else None,
    )


def _invent_glasses(rng: random.Random, apart: float) -> Glasses:
    return Glasses(
        colour=rng.choice(_FRAMES),
        across=rng.uniform(0.19, apart * 0.85),
        down=rng.uniform(0.13, 0.24),
        power=rng.choice((1.0, 0.6, 0.35)),
        thick=rng.uniform(0.018, 0.05),
    )


def draw_eyes(sketch: Sketch, eyes: Eyes, mood: Mood, hair: Rgb) -> None:
    """Both eyes and brows, then the glasses."""
    for side in (-1, 1):
        _draw_eye(sketch, eyes, mood, side)
        _draw_brow(sketch, eyes, mood, side, mix(hair, _BLACK, 0.35))
    if eyes.glasses is not None:
        _draw_glasses(sketch, eyes, eyes.glasses)


def _draw_eye(sketch: Sketch, eyes: Eyes, mood: Mood, side: int) -> None:
    x, y = side * eyes.apart, eyes.y
    down = eyes.down * mood.open_eyes
    edge = oval((x, y), eyes.across, down, -side * eyes.tilt)
    sketch.patch(edge, _WHITE)
    seen = (x + mood.gaze * 0.4 * eyes.across, y)
    for size, fill in ((eyes.iris_size, eyes.iris), (eyes.iris_size * 0.5, _BLACK)):
        sketch.patch(oval(seen, size, min(size, down)), fill)
    sketch.stroke(edge[12:], _BLACK, eyes.lid)


def _draw_brow(sketch: Sketch, eyes: Eyes, mood: Mood, side: int, colour: Rgb) -> None:
    along = np.linspace(-1, 1, 7)
    x = along * eyes.brow_long
    y = -eyes.brow_bend * (1 - along**2) - side * along * eyes.brow_tilt * eyes.brow_long
    up = eyes.y - eyes.brow_up - 0.05 * mood.brows
    points = np.column_stack([side * eyes.apart + x, up + y])
    sketch.stroke(points, colour, eyes.brow_thick, proud=0.03)


def _draw_glasses(sketch: Sketch, eyes: Eyes, glasses: Glasses) -> None:
    for side in (-1, 1):
        ring = oval((0, 0), 1, 1)
        ring = np.sign(ring) * np.abs(ring) ** glasses.power
        rim = ring * (glasses.across, glasses.down) + (side * eyes.apart, eyes.y + 0.02)
        sketch.stroke(np.concatenate([rim, rim[:2]]), glasses.colour, glasses.thick, proud=0.08)
        arm = [[side * (eyes.apart + glasses.across), eyes.y], [side * sketch.width, eyes.y - 0.03]]
        sketch.stroke(np.array(arm), glasses.colour, glasses.thick)
    gap = eyes.apart - glasses.across
    bridge = np.array([[-gap, eyes.y], [0, eyes.y - 0.03], [gap, eyes.y]])
    sketch.stroke(bridge, glasses.colour, glasses.thick, proud=0.12)
