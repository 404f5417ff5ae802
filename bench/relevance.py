"""Whether relevance tells what is there from what is not: kioku-tiny on drawn scenes.

`python -m bench.relevance [--scenes 500] [--libraries 300]`

Scenes of held-out seeds are the library. A question is asked of libraries that show it and of ones
that do not, and what counts is the answer's best relevance, as the service computes it: from the
background of the library's own pictures and of everyday words. AUC is the chance that a library
that shows it answers with more than one that does not (0.5 is chance, 1 is always). The shares say
how many answers have a relevance of at least 0.5, of those that should and of the others.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from kioku_embedder.extraction import extract_image_embeddings, extract_text_embeddings
from kioku_scenes.kinds import KIND_OF
from kioku_scenes.scene import Scene, draw_layout, draw_scene
from kioku_scenes.split import seeds_of
from kioku_search.hybrid.calibrating import EVERYDAY, background
from kioku_search.hybrid.relevance import RELEVANT, Background
from PIL import Image

TINY = str(Path(__file__).resolve().parents[1] / "models" / "kioku-tiny")
SIZES = (50, 200)
_BATCH = 64
_SIDE = 256
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Questions:
    """Questions of one sort: their scores with every scene, and which scenes answer each."""

    name: str
    scores: Matrix
    right: npt.NDArray[np.bool_]
    background: Background


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scenes", type=int, default=500)
    options.add_argument("--libraries", type=int, default=300, help="of each size and sort")
    asked = options.parse_args()
    sorts = list(_sorts([draw_scene(seed, _SIDE) for seed in seeds_of("held-out", asked.scenes)]))
    for one in sorts:
        print(f"{one.name}: background {one.background.mean:.3f} +- {one.background.deviation:.3f}")
    print("\n| questions | pictures | AUC | 0.5 and more: there | not there |")
    print("|---|---|---|---|---|")
    for one in sorts:
        for size in SIZES:
            print(_row(one, size, asked.libraries))


def _sorts(scenes: Sequence[Scene]) -> Iterator[Questions]:
    pictures = _seen([scene.image for scene in scenes])
    pairs = (pictures @ pictures.T)[np.triu_indices(len(pictures), 1)]
    words = background((_said(EVERYDAY) @ pictures.T).ravel())
    own = np.eye(len(scenes), dtype=bool)
    for name, captions in (
        ("whole captions, English", [scene.caption_en for scene in scenes]),
        ("whole captions, Japanese", [scene.caption_ja for scene in scenes]),
    ):
        yield Questions(name, _said(captions) @ pictures.T, own, words)
    kinds = sorted(KIND_OF)
    shown = [{thing.kind for thing in scene.layout.things} for scene in scenes]
    right = np.array([[kind in some for some in shown] for kind in kinds])
    nouns = _said([KIND_OF[kind].name for kind in kinds])
    yield Questions("single nouns", nouns @ pictures.T, right, words)
    again = _seen([_drawn_again(scene) for scene in scenes])
    yield Questions("the same scene drawn anew", again @ pictures.T, own, background(pairs))


def _drawn_again(scene: Scene) -> Image.Image:
    return draw_layout(scene.layout, random.Random(scene.seed + 1), _SIDE)


def _row(one: Questions, size: int, count: int) -> str:
    chance = np.random.default_rng(0)
    there = [_best(one, *_library(one, size, chance, shows=True)) for _ in range(count)]
    absent = [_best(one, *_library(one, size, chance, shows=False)) for _ in range(count)]
    passed = [100 * float(np.mean(np.array(some) >= RELEVANT)) for some in (there, absent)]
    auc = _auc(np.array(there), np.array(absent))
    return f"| {one.name} | {size} | {auc:.3f} | {passed[0]:.0f} % | {passed[1]:.0f} % |"


def _library(
    one: Questions, size: int, chance: np.random.Generator, *, shows: bool
) -> tuple[int, npt.NDArray[np.int64]]:
    """A question, and pictures of which one answers it or none does."""
    askable = np.flatnonzero(one.right.any(axis=1))
    question = int(chance.choice(askable))
    wrong = np.flatnonzero(~one.right[question])
    library = chance.choice(wrong, size, replace=False)
    if shows:
        library[0] = chance.choice(np.flatnonzero(one.right[question]))
    return question, library


def _best(one: Questions, question: int, library: npt.NDArray[np.int64]) -> float:
    return one.background.relevance(float(one.scores[question, library].max()))


def _auc(there: npt.NDArray[np.float64], absent: npt.NDArray[np.float64]) -> float:
    more = (there[:, None] > absent[None, :]).mean()
    same = (there[:, None] == absent[None, :]).mean()
    return float(more + 0.5 * same)


def _seen(pictures: Sequence[Image.Image]) -> Matrix:
    return _batched([_png(one) for one in pictures], extract_image_embeddings)


def _said(texts: Sequence[str]) -> Matrix:
    return _batched(list(texts), extract_text_embeddings)


def _batched(items: list[bytes] | list[str], make: Callable[..., Matrix]) -> Matrix:
    parts = [make(items[at : at + _BATCH], model=TINY) for at in range(0, len(items), _BATCH)]
    return np.concatenate(parts)


def _png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


if __name__ == "__main__":
    main()
