"""Promise: vectors of pictures and texts in one call, for scripts and notebooks; needs torch.

The service does not use this: it batches across callers. Imported explicitly, so that
`import kioku_embedder` stays free of torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from kioku_rt.images import ImageLimits, decode
from kioku_rt.text import clean_text
from kioku_rt.vectors import unit_vector

from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import Engine, Matrix
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.engines.visual_engine import VisualEngine
from kioku_embedder.family import VISUAL

_BATCH = 8


def extract_image_embeddings(
    pictures: Sequence[bytes], *, model: str, device: str = "cpu"
) -> Matrix:
    """Unit vectors (n, dimension) float32 of n encoded pictures.

    Raises:
        InvalidInput: IMAGE_*, for the first picture that is refused.
        CheckpointUnusable, EngineBroken: the model cannot be used.
    """
    checkpoint, engine = _loaded(model, device)
    rules = checkpoint.preprocessing
    limits = ImageLimits(needed_side=rules.needed_side)  # as the service reads them
    pixels = [decode(data, limits, rules).pixels for data in pictures]
    rows = [engine.images(pixels[at : at + _BATCH]) for at in range(0, len(pixels), _BATCH)]
    return _unit_rows(rows, checkpoint)


def extract_text_embeddings(texts: Sequence[str], *, model: str, device: str = "cpu") -> Matrix:
    """Unit vectors (n, dimension) float32 of n texts.

    Raises:
        InvalidInput: TEXT_*, for the first text that is refused.
        CheckpointUnusable, EngineBroken: the model cannot be used.
        ValueError: the model is purely visual.
    """
    checkpoint, engine = _loaded(model, device)
    clean = [clean_text(text) for text in texts]
    rows = [engine.texts(clean[at : at + _BATCH]).vectors for at in range(0, len(clean), _BATCH)]
    return _unit_rows(rows, checkpoint)


@lru_cache(maxsize=1)
def _loaded(model: str, device: str) -> tuple[Checkpoint, Engine]:
    checkpoint = open_checkpoint(model, precision="float32", long_edge=ImageLimits().long_edge)
    visual = checkpoint.family is VISUAL
    engine = VisualEngine(checkpoint) if visual else TorchEngine(checkpoint, device=device)
    engine.load()
    return checkpoint, engine


def _unit_rows(batches: Sequence[Matrix], checkpoint: Checkpoint) -> Matrix:
    dimension = checkpoint.space.dimension
    rows = [unit_vector(row, dimension) for batch in batches for row in batch]
    return np.array(rows, np.float32).reshape(-1, dimension)
