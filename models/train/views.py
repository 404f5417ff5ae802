"""Draws views of things: pose, light, surroundings, occlusion, camera.

    python models/train/views.py --things 12300 --output .data/visual

writes pictures.npy, uint8 (things, views, side, side, 3), drawn from seeds alone.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from surfaces import Surface, draw_surface
from things import Part, Thing, invent_thing, mask_of

Pixels = NDArray[np.uint8]
SURFACES = 600
_BANK_SIDE = 192
_CHUNK = 100


@lru_cache(maxsize=1)
def surface_bank(count: int = SURFACES) -> list[Surface]:
    """The surfaces all things and backgrounds are cut from."""
    return [draw_surface(np.random.default_rng([1, at]), _BANK_SIDE) for at in range(count)]


def draw_views(seed: int, views: int, side: int) -> Pixels:
    """Views of the thing of one seed, (views, side, side, 3) uint8."""
    rng = np.random.default_rng([2, seed])
    bank = surface_bank()
    thing = invent_thing(rng, len(bank))
    clutter = [invent_thing(rng, len(bank)) for _ in range(3)]
    home = int(rng.integers(len(bank)))
    return np.stack([_view(thing, clutter, home, rng, side) for _ in range(views)])


def _view(
    thing: Thing, clutter: list[Thing], home: int, rng: np.random.Generator, side: int
) -> Pixels:
    """One view: background, things behind, the thing, things before, camera."""
    picture = _background(home, rng, side)
    for number, other in enumerate(clutter):
        if rng.random() < 0.4:
            size = rng.uniform(0.1, 0.35)
            _place(picture, other if number else clutter[0], size, rng.uniform(0, 1, 2), rng)
    middle = 0.5 + rng.normal(0, 0.07, 2)
    _place(picture, thing, rng.uniform(0.26, 0.5), middle, rng)
    if rng.random() < 0.15:
        _place(picture, clutter[1], rng.uniform(0.05, 0.2), rng.uniform(0, 1, 2), rng)
    return _camera(picture, rng)


def _background(home: int, rng: np.random.Generator, side: int) -> Surface:
    """Plain in a quarter of all views, else a surface, often over a horizon or dead leaves."""
    chance = rng.random()
    if chance < 0.25:
        tone = rng.choice((1.0, rng.uniform(0, 1)))
        return np.full((side, side, 3), tone, np.float32)
    bank = surface_bank()
    number = home if rng.random() < 0.4 else int(rng.integers(len(bank)))
    picture = _cut(bank[number], rng, side)
    if chance < 0.5:
        level = int(side * rng.uniform(0.3, 0.8))
        picture[level:] = _cut(bank[rng.integers(len(bank))], rng, side)[level:]
    elif chance < 0.7:
        for _ in range(int(rng.integers(5, 15))):
            leaf = invent_thing(rng, len(bank)).parts[:1]
            _place(picture, Thing(leaf), rng.uniform(0.05, 0.4), rng.uniform(0, 1, 2), rng)
    return picture


def _cut(surface: Surface, rng: np.random.Generator, side: int) -> Surface:
    """A square of a surface, mirrored at random, in its own light."""
    top, left = rng.integers(0, surface.shape[0] - side + 1, 2)
    piece = surface[top : top + side, left : left + side]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    lit: Surface = np.clip(piece * rng.uniform(0.75, 1.25), 0, 1).astype(np.float32)
    return lit


def _place(
    picture: Surface,
    thing: Thing,
    size: float,
    middle: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Draws a thing into the picture: turned, sheared, its parts a little out of place."""
    side = len(picture)
    angle = rng.normal(0, 0.25)
    pose = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    pose = pose @ (np.eye(2) + rng.normal(0, 0.15, (2, 2)))
    if rng.random() < 0.5:
        pose[0] *= -1
    recolour = np.exp(rng.normal(0, 0.25, 3)).astype(np.float32)
    for part in thing.parts:
        loose = part.outline * (1 + rng.normal(0, 0.06, 2)) + rng.normal(0, 0.03, 2)
        outline = ((loose @ pose) * size + middle) * side
        _paint(picture, part, outline.astype(np.float32), recolour, rng)


def _paint(
    picture: Surface,
    part: Part,
    outline: NDArray[np.float32],
    recolour: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    side = len(picture)
    mask = mask_of(outline, side, part.hollow)[..., None]
    surface = _cut(surface_bank()[part.surface], rng, side) * recolour
    line = np.linspace(-1, 1, side, dtype=np.float32)
    slope = rng.normal(0, 1, 2).astype(np.float32)
    light = 1 + part.shade * np.tanh(slope[0] * line[None] + slope[1] * line[:, None])
    picture += mask * (np.clip(surface * light[..., None], 0, 1) - picture)


def _camera(picture: Surface, rng: np.random.Generator) -> Pixels:
    """Exposure, white balance, contrast, blur and grain."""
    balance = np.exp(rng.normal(0, 0.08, 3)) * np.exp(rng.normal(0, 0.15))
    exposed = np.clip(picture * balance, 0, 1) ** np.exp(rng.normal(0, 0.25))
    grain = rng.normal(0, rng.choice((0.0, 0.01, 0.03)), picture.shape)
    pixels: Pixels = (np.clip(exposed + grain, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        blur = ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2))
        return np.asarray(Image.fromarray(pixels).filter(blur))
    return pixels


def _draw_chunk(task: tuple[int, int, int, int]) -> Pixels:
    first, count, views, side = task
    return np.stack([draw_views(seed, views, side) for seed in range(first, first + count)])


def main() -> None:
    """Draws a set into one file."""
    parser = argparse.ArgumentParser(description="Draw views of invented things.")
    parser.add_argument("--things", type=int, default=12_300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    shape = (options.things, options.views, options.side, options.side, 3)
    options.output.mkdir(parents=True, exist_ok=True)
    drawn = np.lib.format.open_memmap(
        options.output / "pictures.npy", mode="w+", dtype=np.uint8, shape=shape
    )
    starts = range(0, options.things, _CHUNK)
    tasks = [
        (options.first + at, min(_CHUNK, options.things - at), options.views, options.side)
        for at in starts
    ]
    with ProcessPoolExecutor(options.workers) as pool:
        for at, pixels in zip(starts, pool.map(_draw_chunk, tasks), strict=True):
            drawn[at : at + len(pixels)] = pixels


if __name__ == "__main__":
    main()
