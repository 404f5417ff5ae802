"""Makes training batches: pixels, tokens and which text is true of which picture."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from captions import joint_query, naming_queries
from kioku_scenes.caption import caption_english, caption_japanese
from kioku_scenes.layout import Layout
from patchwork import as_labels
from pictures import Pictures
from torch import Tensor
from transformers import PreTrainedTokenizerFast

_JOINT_SHARE = 4
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
        self._captions = self._tokenize_both(pictures.captions)
        self._wrong = self._tokenize_both(pictures.wrong)
        self._wrong_each = len(pictures.wrong) // len(pictures.captions)

    def at_step(self, step: int) -> Batch:
        """The batch of a step; the same step and seed always give the same batch."""
        rng = np.random.default_rng((self._seed, step))
        bases = rng.choice(len(self._pictures.captions) // 2, self._pairs, replace=False)
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
        """Each picture's caption and a wrong one, in a language drawn for each; short queries."""
        count = len(rows)
        facts = self._pictures.facts[rows]
        asked = rng.sample(range(count), count // _JOINT_SHARE)
        queries = naming_queries(rng) + [joint_query(facts[index], rng) for index in asked]
        short = [rng.choice((query.english, query.japanese)) for query in queries]
        matches = np.stack([query.matches(facts) for query in queries], 1)
        never = np.zeros((count, count), np.bool_)
        truth = np.concatenate([np.eye(count, dtype=np.bool_), never, matches], 1)
        tongues = [[rng.randrange(2) for _ in rows] for _ in range(2)]
        wrong = [int(row) * self._wrong_each + rng.randrange(self._wrong_each) for row in rows]
        tokens = [
            self._captions[tongues[0], rows],
            self._wrong[tongues[1], wrong],
            self._tokenize(short),
        ]
        return torch.cat(tokens), torch.from_numpy(truth).float() * 2 - 1

    def _tokenize_both(self, layouts: list[Layout]) -> Tensor:
        """Tokens of the English and of the Japanese captions, int64 (2, layouts, length)."""
        english = self._tokenize([caption_english(layout) for layout in layouts])
        return torch.stack([english, self._tokenize([caption_japanese(one) for one in layouts])])

    def _tokenize(self, texts: list[str]) -> Tensor:
        result = self._tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        tokens: Tensor = result["input_ids"]
        return tokens
