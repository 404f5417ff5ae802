"""Promise: the same drawn pictures and texts, every time and everywhere, to hold engines against.

Pictures from flat to noise, because an engine that rounds shows it most where nothing happens;
texts from one letter to more than any model reads.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from kioku_embedder.preprocessing import Pixels

VERSION = 1
_GRAINS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)
_WORDS = (
    *("a", "photo", "of", "two", "red", "cats", "on", "the", "blue", "mat", "in", "an", "old"),
    *("house", "by", "sea", "children", "play", "football", "under", "tall", "trees", "while"),
    *("snow", "falls", "夕暮れの海辺を歩く犬", "ein", "altes", "Fahrrad", "vor", "Wand"),
)


def drawn_pictures(height: int, width: int, count: int, *, seed: int = 7) -> list[Pixels]:
    """`count` pictures, (height, width, 3) uint8 each: patches of colour, coarse to fine."""
    generator = np.random.default_rng(seed)
    return [_picture(generator, height, width, number) for number in range(count)]


def drawn_texts(count: int, *, seed: int = 7) -> list[str]:
    """`count` texts of one to about a hundred words."""
    generator = np.random.default_rng(seed)
    lengths = [1 + (number * number) % 97 for number in range(count)]
    return [" ".join(generator.choice(_WORDS, size=length)) for length in lengths]


def _picture(generator: np.random.Generator, height: int, width: int, number: int) -> Pixels:
    grain = min(_GRAINS[number % len(_GRAINS)], height, width)
    small = generator.integers(0, 256, (grain, grain, 3), np.uint8)
    drawn = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(drawn)
