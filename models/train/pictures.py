"""Draws the training pictures once, into memory, on all cores.

Each training seed gives two pictures: its own scene, and one that differs from it in one
attribute.  Both go into the same batch, so that the model has to learn that attribute.
"""

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from captions import FACTS, facts_row
from kioku_scenes import seeds_of
from kioku_scenes.caption import caption_english, caption_japanese
from kioku_scenes.layout import Layout
from kioku_scenes.negatives import alternatives
from kioku_scenes.scene import draw_with_spots
from kioku_scenes.split import layout_of_seed, split_of_layout
from numpy.typing import NDArray
from patchwork import GRID, patch_labels

_SEEDS_PER_TASK = 500


@dataclass(frozen=True)
class Pictures:
    """Pictures with their captions; a scene and its sibling adjoin.

    pixels are uint8 (n, side, side, 3), facts int16 (n, FACTS), patches uint8 (n, 2, GRID²).
    """

    pixels: NDArray[np.uint8]
    english: list[str]
    japanese: list[str]
    facts: NDArray[np.int16]
    patches: NDArray[np.uint8]


def draw_pictures(pairs: int, side: int, workers: int, start: int = 0) -> Pictures:
    """Draw `pairs` training seeds from `start` up, two pictures each, `side` pixels square."""
    seeds = seeds_of("training", pairs, start)
    pixels = np.empty((2 * pairs, side, side, 3), np.uint8)
    patches = np.empty((2 * pairs, 2, GRID * GRID), np.uint8)
    tasks = [seeds[at : at + _SEEDS_PER_TASK] for at in range(0, pairs, _SEEDS_PER_TASK)]
    layouts: list[Layout] = []
    with ProcessPoolExecutor(workers) as pool:
        for drawn, labels, shown in pool.map(_draw_task, tasks, [side] * len(tasks)):
            rows = slice(len(layouts), len(layouts) + len(shown))
            pixels[rows], patches[rows] = drawn, labels
            layouts += shown
    facts = np.array([facts_row(layout) for layout in layouts], np.int16).reshape(-1, FACTS)
    english = [caption_english(layout) for layout in layouts]
    japanese = [caption_japanese(layout) for layout in layouts]
    return Pictures(pixels, english, japanese, facts, patches)


def _draw_task(
    seeds: list[int], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[Layout]]:
    images, labels, layouts = [], [], []
    for seed in seeds:
        rng = random.Random(seed)
        true = layout_of_seed(seed, rng)
        for layout in (true, _sibling(true, rng)):
            image, spots = draw_with_spots(layout, rng, side)
            images.append(np.asarray(image))
            labels.append(patch_labels(spots))
            layouts.append(layout)
    return np.stack(images), np.stack(labels), layouts


def _sibling(layout: Layout, rng: random.Random) -> Layout:
    """A training layout that differs in one attribute; every attribute is equally likely."""
    others = [
        [other for other in group if split_of_layout(other) == "training"]
        for group in alternatives(layout, rng).values()
    ]
    return rng.choice(rng.choice([group for group in others if group]))
