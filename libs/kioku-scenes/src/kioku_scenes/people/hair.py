"""Hair: what hangs behind the head, the cap on top of it, and its edge."""

import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kioku_scenes.colour import Rgb, mix
from kioku_scenes.people.pose import Points, oval
from kioku_scenes.people.sketch import Sketch, joined

Back = Literal["none", "long", "bob", "round"]
Top = Literal["plain", "spikes", "curls", "bun", "tuft"]
_BACKS: tuple[Back, ...] = ("none", "none", "none", "long", "bob", "round")
_TOPS: tuple[Top, ...] = ("plain", "plain", "plain", "spikes", "curls", "bun", "tuft")
_COLOURS: tuple[Rgb, ...] = (
    (22, 18, 18), (44, 30, 22), (84, 52, 28), (130, 84, 44), (196, 150, 84), (232, 206, 140),
    (160, 70, 30), (150, 148, 146), (224, 222, 218), (70, 60, 130), (200, 90, 140), (50, 120, 110),
)  # fmt: skip
_WEIGHTS = (5, 5, 5, 4, 3, 3, 3, 2, 1, 1, 1, 1)


@dataclass(frozen=True)
class Hair:
    """Heights of the hair's edge at the left, in the middle and at the right, in head units."""

    bald: bool
    colour: Rgb
    back: Back
    top: Top
    volume: float
    edge: tuple[float, float, float]
    length: float


def invent_hair(rng: random.Random) -> Hair:
    """Somebody's hair, or none."""
    middle = rng.uniform(-0.75, -0.3)
    return Hair(
        bald=rng.random() < 0.08,
        colour=mix(
            rng.choices(_COLOURS, _WEIGHTS)[0], rng.choice(_COLOURS[:9]), rng.uniform(0, 0.2)
        ),
        back=rng.choice(_BACKS),
        top=rng.choice(_TOPS),
        volume=rng.uniform(0.04, 0.22),
        edge=(rng.uniform(-0.5, 0.05), middle, rng.uniform(-0.5, 0.05)),
        length=rng.uniform(0.5, 1.5),
    )


def draw_back(sketch: Sketch, hair: Hair) -> None:
    """What is behind the head and the shoulders' top."""
    if hair.bald or hair.back == "none":
        return
    dark = mix(hair.colour, (0, 0, 0), 0.25)
    wide = sketch.width * (1.12 + hair.volume)
    if hair.back == "round":
        sketch.behind(oval((0, -0.3), wide * 1.25, 1.05 + hair.volume), dark)
        return
    low = hair.length if hair.back == "long" else 0.45 * hair.length + 0.2
    crown = oval((0, -0.25), wide, 0.85 + hair.volume)[12:]
    sketch.behind(joined(crown, np.array([[wide * 1.05, low], [-wide * 1.05, low]])), dark)


def draw_front(sketch: Sketch, hair: Hair, outline: Points) -> None:
    """The cap down to the hair's edge, with whatever stands on it."""
    if hair.bald:
        return
    left, middle, right = hair.edge
    upper = outline[outline[:, 1] < max(left, right)]
    upper = upper[np.argsort(np.arctan2(upper[:, 0], -upper[:, 1]))] * (1 + hair.volume)
    _draw_top(sketch, hair, upper)
    along = np.linspace(1, -1, 13)
    base = np.where(along > 0, right, left)
    edge = middle + (base - middle) * np.abs(along) ** 2.2
    wide = sketch.width * 1.02
    sketch.behind(joined(upper, np.column_stack([along * wide, edge])), hair.colour)
    line = np.column_stack([along * wide * 0.95, edge])
    sketch.edge(line, mix(hair.colour, (0, 0, 0), 0.3), 0.02)


def _draw_top(sketch: Sketch, hair: Hair, upper: Points) -> None:
    high = upper[upper[:, 1] < -0.4]
    if hair.top == "spikes":
        comb = high.copy()
        comb[::2] *= 1.22
        sketch.behind(comb, hair.colour)
    elif hair.top == "curls":
        for x, y in high[::2]:
            sketch.behind(oval((x, y), 0.17, 0.17), hair.colour)
    elif hair.top == "bun":
        sketch.behind(oval((0, -1.2 - hair.volume), 0.3, 0.28), hair.colour)
    elif hair.top == "tuft":
        tuft = [[-0.15, -0.9], [0.1, -1.4 - hair.volume], [0.12, -1.15], [0.35, -1.3], [0.3, -0.85]]
        sketch.behind(np.array(tuft), hair.colour)
