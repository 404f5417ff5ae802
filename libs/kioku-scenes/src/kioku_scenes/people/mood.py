"""What changes in a face from one picture to the next: expression and gaze."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Mood:
    """A passing expression; all zero, with open eyes, is a plain look into the camera.

    Args:
        smile: -0.5 (down) to 1.
        open_mouth: 0 to 1.
        open_eyes: share of the eyes' height, 0.3 to 1.15.
        brows: -1 (down) to 1 (up).
        gaze: -1 (picture's left) to 1.
    """

    smile: float = 0.0
    open_mouth: float = 0.0
    open_eyes: float = 1.0
    brows: float = 0.0
    gaze: float = 0.0


def sample_mood(rng: random.Random, wildness: float) -> Mood:
    """An expression; `wildness` 0 is always the plain one, 1 as strong as they get."""
    return Mood(
        smile=wildness * rng.uniform(-0.5, 1),
        open_mouth=wildness * rng.uniform(0.2, 1) if rng.random() < 0.3 else 0.0,
        open_eyes=1 + wildness * (rng.uniform(-0.35, 0.15) if rng.random() < 0.9 else -0.7),
        brows=wildness * rng.uniform(-1, 1),
        gaze=wildness * rng.uniform(-1, 1),
    )
