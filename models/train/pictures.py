"""Draws the training pictures once, into memory, on all cores.

Each training seed gives two pictures: its own scene, and one that differs from it in one
attribute.  Both go into the same batch, so that the model has to learn that attribute.
"""

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from captions import facts_row
from kioku_scenes import seeds_of
from kioku_scenes.layout import Layout
from kioku_scenes.negatives import changes, is_usable
from kioku_scenes.scene import draw_with_spots
from kioku_scenes.split import layout_of_seed, split_of_layout
from numpy.typing import NDArray
from patchwork import CLASSES, GRID, patch_labels

_SEEDS_PER_TASK = 500


# How often a sibling or a wrong caption differs in each attribute: the hard ones most.
_WEIGHTS = {
    "kind": 3.0,
    "position": 3.0,
    "count": 3.0,
    "size": 3.0,
    "texture": 3.0,
    "colour": 1.0,
    "backdrop": 0.3,
}
_WRONG = 3


@dataclass(frozen=True)
class Pictures:
    """Pictures with their captions; a scene and its sibling adjoin.

    pixels are uint8 (n, side, side, 3), captions (n,), wrong captions (n * 3,), each wrong
    about its picture in one attribute, facts int16 (n, numbers), patches uint8
    (n, heads, GRID²).
    """

    pixels: NDArray[np.uint8]
    captions: list[Layout]
    wrong: list[Layout]
    facts: NDArray[np.int16]
    patches: NDArray[np.uint8]


@dataclass(frozen=True)
class _Drawn:
    """What one task hands back: pictures, their labels, their layouts, wrong layouts."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    shown: list[Layout]
    wrong: list[Layout]


def draw_pictures(pairs: int, side: int, workers: int, start: int = 0) -> Pictures:
    """Draw `pairs` training seeds from `start` up, two pictures each, `side` pixels square."""
    seeds = seeds_of("training", pairs, start)
    pixels = np.empty((2 * pairs, side, side, 3), np.uint8)
    patches = np.empty((2 * pairs, len(CLASSES), GRID * GRID), np.uint8)
    tasks = [seeds[at : at + _SEEDS_PER_TASK] for at in range(0, pairs, _SEEDS_PER_TASK)]
    shown: list[Layout] = []
    wrong: list[Layout] = []
    with ProcessPoolExecutor(workers) as pool:
        for drawn in pool.map(_draw_task, tasks, [side] * len(tasks)):
            rows = slice(len(shown), len(shown) + len(drawn.shown))
            pixels[rows], patches[rows] = drawn.pixels, drawn.labels
            shown += drawn.shown
            wrong += drawn.wrong
    facts = np.array([facts_row(layout) for layout in shown], np.int16)
    return Pictures(pixels, shown, wrong, facts, patches)


def _draw_task(seeds: list[int], side: int) -> _Drawn:
    images, labels = [], []
    shown: list[Layout] = []
    wrong: list[Layout] = []
    for seed in seeds:
        rng = random.Random(seed)
        pair = _pair_of(seed, rng)
        for layout in pair:
            image, spots = draw_with_spots(layout, rng, side)
            images.append(np.asarray(image))
            labels.append(patch_labels(spots))
            wrong += [_changed(layout, rng, pair) for _ in range(_WRONG)]
        shown += pair
    return _Drawn(np.stack(images), np.stack(labels), shown, wrong)


def _pair_of(seed: int, rng: random.Random) -> tuple[Layout, Layout]:
    true = layout_of_seed(seed, rng)
    return true, _changed(true, rng, (true,))


def _changed(layout: Layout, rng: random.Random, besides: tuple[Layout, ...]) -> Layout:
    """A training layout that differs from this one in one attribute and is none of `besides`.

    Attributes are tried in turn, as a weighted draw orders them; colour always has an answer.
    """
    found = changes(layout, rng)
    names = sorted(found, key=lambda name: -(rng.random() ** (1 / _WEIGHTS[name])))
    for name in names:
        for other in rng.sample(found[name], len(found[name])):
            if other not in besides and split_of_layout(other) == "training" and is_usable(other):
                return other
    raise LookupError(f"no layout differs from {layout} in one attribute")
