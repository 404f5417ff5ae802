"""Nose, mouth and beard."""

import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kioku_scenes.colour import Rgb, mix
from kioku_scenes.people.mood import Mood
from kioku_scenes.people.pose import Points, oval
from kioku_scenes.people.sketch import Sketch, joined

Beard = Literal["none", "stubble", "full", "goatee", "moustache"]
_BEARDS: tuple[Beard, ...] = ("none",) * 6 + ("stubble", "full", "goatee", "moustache")
_NOSTRIL, _MOUTH, _TEETH = (60, 30, 26), (70, 16, 22), (244, 240, 232)
_LIPS: tuple[Rgb, ...] = (
    (176, 74, 78),
    (200, 60, 84),
    (150, 84, 76),
    (120, 50, 54),
    (214, 120, 116),
)


@dataclass(frozen=True)
class Nose:
    """Lengths in head units; `shade` is how dark its side is, 0 to 1."""

    tip: float
    across: float
    proud: float
    shade: float
    bridge: float
    nostrils: float


@dataclass(frozen=True)
class Mouth:
    """Lengths in head units."""

    y: float
    across: float
    upper: float
    lower: float
    bow: float
    colour: Rgb
    beard: Beard
    beard_share: float


def invent_nose(rng: random.Random) -> Nose:
    """Somebody's nose."""
    return Nose(
        tip=rng.uniform(0.3, 0.46),
        across=rng.uniform(0.08, 0.19),
        proud=rng.uniform(0.1, 0.26),
        shade=rng.uniform(0.12, 0.45),
        bridge=rng.uniform(0.02, 0.07),
        nostrils=rng.uniform(0.0, 0.035),
    )


def invent_mouth(rng: random.Random) -> Mouth:
    """Somebody's mouth and beard."""
    return Mouth(
        y=rng.uniform(0.57, 0.7),
        across=rng.uniform(0.16, 0.32),
        upper=rng.uniform(0.015, 0.065),
        lower=rng.uniform(0.02, 0.09),
        bow=rng.uniform(-0.03, 0.03),
        colour=mix(rng.choice(_LIPS), rng.choice(_LIPS), rng.uniform(0, 0.5)),
        beard=rng.choice(_BEARDS),
        beard_share=rng.uniform(0.3, 0.62),
    )


def draw_nose(sketch: Sketch, nose: Nose, eyes_y: float, skin: Rgb) -> None:
    """A shaded side, a round tip and two nostrils."""
    dark = mix(skin, (60, 20, 10), nose.shade)
    side = [[-nose.bridge, eyes_y], [-nose.across, nose.tip], [0, nose.tip], [0, eyes_y]]
    sketch.patch(np.array(side), mix(skin, dark, 0.5), proud=nose.proud / 2)
    tip = oval((0, nose.tip), nose.across, nose.across * 0.6)
    sketch.patch(tip, dark, proud=nose.proud * 0.7)
    sketch.patch(oval((0, nose.tip - 0.03), nose.across * 0.7, nose.across * 0.5), skin, nose.proud)
    for at in (-0.55, 0.55):
        hole = oval((at * nose.across, nose.tip + 0.04), nose.nostrils, nose.nostrils * 0.7)
        sketch.patch(hole, _NOSTRIL, proud=nose.proud * 0.8)


def lip_line(mouth: Mouth, mood: Mood) -> Points:
    """Where the lips meet (9, 2); the ends are the mouth's corners."""
    along = np.linspace(-1, 1, 9)
    smile = mood.smile + mouth.bow * 3
    across = mouth.across * (1 + 0.18 * mood.smile)
    return np.column_stack([along * across, mouth.y + 0.09 * smile * (0.6 - along**2)])


def draw_mouth(sketch: Sketch, mouth: Mouth, mood: Mood) -> None:
    """Lips, and what is seen between them."""
    line = lip_line(mouth, mood)
    swell = 1 - np.linspace(-1, 1, 9) ** 2
    gap = np.column_stack([np.zeros(9), 0.16 * mood.open_mouth * swell])
    upper = line - np.column_stack([np.zeros(9), mouth.upper * swell])
    lower = line + gap + np.column_stack([np.zeros(9), mouth.lower * swell])
    sketch.patch(joined(upper, lower[::-1]), mouth.colour)
    if mood.open_mouth > 0:
        sketch.patch(joined(line, (line + gap)[::-1]), _MOUTH)
        sketch.patch(joined(line, (line + gap * 0.4)[::-1]), _TEETH)
    else:
        sketch.stroke(line, mix(mouth.colour, (30, 0, 0), 0.6), 0.018)


def draw_beard(sketch: Sketch, mouth: Mouth, outline: Points, hair: Rgb, skin: Rgb) -> None:
    """What grows on cheeks, chin and lip; nothing where nothing grows."""
    if mouth.beard in ("full", "stubble"):
        tint = mix(skin, hair, 0.3) if mouth.beard == "stubble" else hair
        low = outline[outline[:, 1] > mouth.beard_share]
        low = low[np.argsort(low[:, 0])]
        cheek = low[:, 1].min() + 0.35 * (1 - np.linspace(-1, 1, 9) ** 2) ** 0.5
        across = np.linspace(low[:, 0].max(), low[:, 0].min(), 9) * 0.98
        sketch.behind(joined(low, np.column_stack([across, np.minimum(cheek, mouth.y)])), tint)
    if mouth.beard == "goatee":
        sketch.patch(oval((0, 0.86), mouth.across * 0.75, 0.16), hair)
    if mouth.beard in ("moustache", "goatee"):
        for side in (-1, 1):
            half = oval(
                (side * mouth.across * 0.5, mouth.y - 0.09), mouth.across * 0.62, 0.045, side * 0.25
            )
            sketch.patch(half, hair, proud=0.06)
