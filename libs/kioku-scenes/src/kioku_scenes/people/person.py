"""A person: all that stays the same from picture to picture, decided by a seed alone."""

import random
from dataclasses import dataclass

import numpy as np

from kioku_scenes.colour import Rgb, mix
from kioku_scenes.people.eyes import Eyes, invent_eyes
from kioku_scenes.people.features import Mouth, Nose, invent_mouth, invent_nose
from kioku_scenes.people.hair import Hair, invent_hair
from kioku_scenes.people.pose import Points

_SKINS: tuple[Rgb, ...] = (
    (252, 226, 204), (240, 200, 166), (222, 174, 134), (190, 136, 94), (142, 94, 62), (92, 58, 40),
)  # fmt: skip
_STREAM = "person"


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist.

    Args:
        width: half the head's width, in half its height.
        jaw: 0.5 (square) to 1.2 (pointed).
        ears: their half-height, in half the head's height.
        freckles: places on the face (n, 2); small.
        moles: places on the face (n, 2); larger.
    """

    seed: int
    skin: Rgb
    blush: float
    width: float
    jaw: float
    ears: float
    eyes: Eyes
    nose: Nose
    mouth: Mouth
    hair: Hair
    freckles: tuple[tuple[float, float], ...]
    moles: tuple[tuple[float, float], ...]

    def outline(self) -> Points:
        """The head's edge as seen from the front (60, 2)."""
        angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        power = np.where(np.cos(angles) > 0, 0.85, self.jaw)
        across = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** power
        return np.column_stack([self.width * across, -np.cos(angles)])


def invent_person(seed: int) -> Person:
    """The person of a seed, the same wherever they are drawn.  Raises ValueError below 0."""
    if seed < 0:
        raise ValueError(f"a person's seed is 0 or more, not {seed}")
    rng = random.Random(f"{_STREAM} {seed}")
    return Person(
        seed=seed,
        skin=_invent_skin(rng),
        blush=rng.uniform(0, 0.3),
        width=rng.uniform(0.66, 0.86),
        jaw=rng.uniform(0.5, 1.2),
        ears=rng.uniform(0.1, 0.22),
        eyes=invent_eyes(rng),
        nose=invent_nose(rng),
        mouth=invent_mouth(rng),
        hair=invent_hair(rng),
        freckles=_places(rng, rng.randint(6, 16) if rng.random() < 0.2 else 0),
        moles=_places(rng, rng.choice((0, 0, 0, 1, 1, 2))),
    )


def _invent_skin(rng: random.Random) -> Rgb:
    at = rng.randrange(len(_SKINS) - 1)
    red, green, blue = mix(_SKINS[at], _SKINS[at + 1], rng.random())
    return red, max(0, green + rng.randint(-8, 8)), max(0, blue + rng.randint(-10, 10))


def _places(rng: random.Random, count: int) -> tuple[tuple[float, float], ...]:
    return tuple((rng.uniform(-0.5, 0.5), rng.uniform(0.12, 0.85)) for _ in range(count))
