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
from kioku_scenes.scene import draw_layout
from kioku_scenes.split import layout_of_seed, split_of_layout
from numpy.typing import NDArray

_SEEDS_PER_TASK = 500


@dataclass(frozen=True)
class Pictures:
    """uint8 pixels (n, side, side, 3), captions, and facts int16 (n, FACTS); pairs adjoin."""

    pixels: NDArray[np.uint8]
    english: list[str]
    japanese: list[str]
    facts: NDArray[np.int16]


def draw_pictures(pairs: int, side: int, workers: int, start: int = 0) -> Pictures:
    """Draw `pairs` training seeds from `start` up, two pictures each, `side` pixels square."""
    seeds = seeds_of("training", pairs, start)
    pixels = np.empty((2 * pairs, side, side, 3), np.uint8)
    tasks = [seeds[at : at + _SEEDS_PER_TASK] for at in range(0, pairs, _SEEDS_PER_TASK)]
    layouts: list[Layout] = []
    with ProcessPoolExecutor(workers) as pool:
        for drawn, shown in pool.map(_draw_task, tasks, [side] * len(tasks)):
            pixels[len(layouts) : len(layouts) + len(shown)] = drawn
            layouts += shown
    facts = np.array([facts_row(layout) for layout in layouts], np.int16).reshape(-1, FACTS)
    english = [caption_english(layout) for layout in layouts]
    japanese = [caption_japanese(layout) for layout in layouts]
    return Pictures(pixels, english, japanese, facts)


def _draw_task(seeds: list[int], side: int) -> tuple[NDArray[np.uint8], list[Layout]]:
    images, layouts = [], []
    for seed in seeds:
        rng = random.Random(seed)
        true = layout_of_seed(seed, rng)
        for layout in (true, _sibling(true, rng)):
            images.append(np.asarray(draw_layout(layout, rng, side)))
            layouts.append(layout)
    return np.stack(images), layouts


def _sibling(layout: Layout, rng: random.Random) -> Layout:
    """A training layout that differs in one attribute; every attribute is equally likely."""
    others = [
        [other for other in group if split_of_layout(other) == "training"]
        for group in alternatives(layout, rng).values()
    ]
    return rng.choice(rng.choice([group for group in others if group]))
