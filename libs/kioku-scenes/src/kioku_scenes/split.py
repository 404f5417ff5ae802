"""Which scenes may be trained on: the split is fixed by the seed and by what is shown.

A seed ending in 9 is held out, one ending in 8 is for validation, all others train.  A
layout belongs to a split too, by a checksum of its English caption, and a seed only ever
yields layouts of its own split.  So no seed and no full caption is in two splits.
"""

import random
import zlib
from typing import Literal

from kioku_scenes.caption import caption_english, is_short
from kioku_scenes.layout import Layout, sample_layout

Split = Literal["training", "validation", "held-out"]

_BUCKETS = 10


def _split_of_bucket(bucket: int) -> Split:
    if bucket == _BUCKETS - 1:
        return "held-out"
    return "validation" if bucket == _BUCKETS - 2 else "training"


def split_of_seed(seed: int) -> Split:
    """The split a seed belongs to."""
    return _split_of_bucket(seed % _BUCKETS)


def split_of_layout(layout: Layout) -> Split:
    """The split a layout belongs to, whatever seed gave it."""
    return _split_of_bucket(zlib.crc32(caption_english(layout).encode()) % _BUCKETS)


def layout_of_seed(seed: int, rng: random.Random) -> Layout:
    """Draw layouts until one belongs to the seed's split and its captions are short."""
    while True:
        layout = sample_layout(rng)
        if split_of_layout(layout) == split_of_seed(seed) and is_short(layout):
            return layout


def seeds_of(split: Split, count: int, start: int = 0) -> list[int]:
    """The first `count` seeds of a split, from `start` up."""
    seeds: list[int] = []
    seed = start
    while len(seeds) < count:
        if split_of_seed(seed) == split:
            seeds.append(seed)
        seed += 1
    return seeds
