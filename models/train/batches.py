"""Makes training batches: pixels, tokens and which text is true of which picture."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from captions import coloured_query, naming_queries
from patchwork import as_labels
from pictures import Pictures
from torch import Tensor
from transformers import PreTrainedTokenizerFast

_COLOURED_SHARE = 8
_SHIFT = 3


@dataclass(frozen=True)
class Batch:
    """Pixels and texts of one step.

    pixels are float32 (n, 3, side, side) in -1..1, tokens int64 (m, length), truth is ±1
    (n, m), patches int64 (n, 2, patches).
    """

    pixels: Tensor
    tokens: Tensor
    truth: Tensor
    patches: Tensor


class Batches:
    """Draws batches of `size` pictures, a scene and its sibling side by side, by step number."""

    def __init__(
        self, pictures: Pictures, tokenizer: PreTrainedTokenizerFast, size: int, seed: int
    ) -> None:
        self._pictures = pictures
        self._tokenizer = tokenizer
        self._pairs = size // 2
        self._seed = seed
        self._english = self._tokenize(pictures.english)
        self._japanese = self._tokenize(pictures.japanese)

    def at_step(self, step: int) -> Batch:
        """The batch of a step; the same step and seed always give the same batch."""
        rng = np.random.default_rng((self._seed, step))
        bases = rng.choice(len(self._pictures.english) // 2, self._pairs, replace=False)
        rows = np.stack([2 * bases, 2 * bases + 1], 1).reshape(-1)
        tokens, truth = self._texts(rows, random.Random(self._seed * 1_000_003 + step))
        patches = as_labels(self._pictures.patches[rows])
        return Batch(self._pixels(rows, rng), tokens, truth, patches)

    def _pixels(self, rows: np.ndarray, rng: np.random.Generator) -> Tensor:
        """Shift the whole batch a few pixels and vary each picture's contrast and light."""
        down, right = (int(n) for n in rng.integers(-_SHIFT, _SHIFT + 1, 2))
        pixels = torch.from_numpy(self._pictures.pixels[rows]).permute(0, 3, 1, 2).float()
        pixels = torch.roll(pixels, (down, right), (2, 3)) / 127.5 - 1
        contrast = torch.from_numpy(rng.uniform(0.85, 1.15, (len(rows), 1, 1, 1))).float()
        light = torch.from_numpy(rng.uniform(-0.08, 0.08, (len(rows), 1, 1, 1))).float()
        return (pixels * contrast + light).clamp(-1, 1)

    def _texts(self, rows: np.ndarray, rng: random.Random) -> tuple[Tensor, Tensor]:
        count = len(rows)
        facts = self._pictures.facts[rows]
        own = np.eye(count, dtype=np.bool_)
        chosen = rng.sample(range(count), count // _COLOURED_SHARE)
        queries = naming_queries(rng)
        queries += [coloured_query(facts[index], rng) for index in chosen]
        short = [rng.choice((query.english, query.japanese)) for query in queries]
        matches = np.stack([query.matches(facts) for query in queries], 1)
        truth = np.concatenate([own, matches], 1)
        japanese = torch.tensor([[rng.random() < 0.5] for _ in rows])
        full = torch.where(japanese, self._japanese[rows], self._english[rows])
        return torch.cat([full, self._tokenize(short)]), torch.from_numpy(truth).float() * 2 - 1

    def _tokenize(self, texts: list[str]) -> Tensor:
        result = self._tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        tokens: Tensor = result["input_ids"]
        return tokens
