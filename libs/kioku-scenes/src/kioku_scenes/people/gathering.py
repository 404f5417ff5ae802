"""Pictures of people: who stands where, before what, and where each face is."""

import math
import random
from collections.abc import Sequence

import numpy as np
from PIL import Image

from kioku_scenes.backdrop import paint_backdrop
from kioku_scenes.colour import paint
from kioku_scenes.kinds import KINDS
from kioku_scenes.people.camera import photograph
from kioku_scenes.people.mood import sample_mood
from kioku_scenes.people.person import invent_person
from kioku_scenes.people.portrait import DrawnFace, draw_portrait
from kioku_scenes.people.pose import Pose
from kioku_scenes.tile import draw_tile
from kioku_scenes.words import BACKDROPS, COLOURS

_SMALLEST = 16
_YAW, _PITCH, _ROLL = 0.55, 0.22, 0.3
"""The widest turns, radians."""


def draw(
    person_seeds: Sequence[int],
    size: tuple[int, int],
    seed: int,
    *,
    wildness: float = 0.5,
    closeness: tuple[float, float] = (0.6, 1.0),
) -> tuple[Image.Image, list[DrawnFace]]:
    """A picture of these people, one seed each; the same arguments always give the same bytes.

    Args:
        person_seeds: who is in it; the same seed is the same person in every picture.
        size: width and height in pixels, each at least 16.
        seed: of the picture: backdrop, places, poses, expressions, light.
        wildness: 0 for calm frontal faces in even light, 1 for turned, grimacing, dark and blurred
            ones.
        closeness: the range of how much of its room a head takes; 1 fills it.

    Returns:
        The RGB picture, and the faces in the order of the seeds.  Raises ValueError for a negative
        seed or a size that is too small.
    """
    if min(size) < _SMALLEST or seed < 0:
        raise ValueError(f"size {size} must be at least {_SMALLEST} and seed {seed} 0 or more")
    rng = random.Random(f"people {seed}")
    image = _backdrop(size, rng)
    faces = []
    for person_seed, room in zip(person_seeds, _rooms(len(person_seeds), size), strict=True):
        pose = _pose(room, rng, wildness, rng.uniform(*closeness))
        mood = sample_mood(rng, wildness)
        faces.append(draw_portrait(image, invent_person(person_seed), pose, mood, rng))
    return photograph(image, np.random.default_rng([7, seed]), wildness), faces


def _backdrop(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """A backdrop with up to three drawn things on it."""
    width, height = size
    image = paint_backdrop(rng.choice(tuple(BACKDROPS)), max(size), rng).crop((0, 0, *size))
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        colour = paint(rng.choice(tuple(COLOURS)), rng)
        side = max(8, round(min(size) * rng.uniform(0.12, 0.4)))
        tile = draw_tile(rng.choice(KINDS), colour, "", side, turn=rng.uniform(-15, 15))
        image.paste(tile, (rng.randrange(width), rng.randrange(height)), tile)
    return image


def _rooms(count: int, size: tuple[int, int]) -> list[tuple[float, float, float, float]]:
    """A cell of a grid for each person: middle x and y, width and height in pixels."""
    width, height = size
    columns = max(1, min(count, math.ceil(math.sqrt(count * width / height))))
    rows = max(1, math.ceil(count / columns))
    wide, high = width / columns, height / rows
    return [
        ((at % columns + 0.5) * wide, (at // columns + 0.5) * high, wide, high)
        for at in range(count)
    ]


def _pose(
    room: tuple[float, float, float, float], rng: random.Random, wildness: float, share: float
) -> Pose:
    """A head that takes `share` of its room, somewhere in it."""
    x, y, wide, high = room
    scale = share * min(0.5 * wide, 0.36 * high)
    loose_x = max(0.0, wide / 2 - scale * 0.9)
    loose_y = max(0.0, high / 2 - scale * 1.25)
    return Pose(
        x + rng.uniform(-loose_x, loose_x),
        y + rng.uniform(-loose_y, loose_y),
        scale,
        wildness * rng.uniform(-_YAW, _YAW),
        wildness * rng.uniform(-_PITCH, _PITCH),
        wildness * rng.uniform(-_ROLL, _ROLL),
    )
