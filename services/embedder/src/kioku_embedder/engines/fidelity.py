"""Promise: one number says how close an engine's vectors come to the float32 reference.

The reference is the torch engine in float32 on a CPU; the number is the lowest cosine over the
drawn probes, of pictures and of texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Engine, Matrix
from kioku_embedder.engines.probes import drawn_pictures, drawn_texts

_PICTURES, _TEXTS = 16, 12
_BATCH = 4
_FILE = "reference.npz"


@dataclass(frozen=True)
class ProbeVectors:
    """Vectors of the drawn probes, float32: (16, dimension) and (12, dimension)."""

    pictures: Matrix
    texts: Matrix

    @classmethod
    def by(cls, engine: Engine, checkpoint: Checkpoint) -> ProbeVectors:
        """What a loaded engine makes of the probes.

        Raises:
            EngineBroken, EngineOutOfMemory: as the engine does.
        """
        rules = checkpoint.preprocessing
        pictures = drawn_pictures(rules.height, rules.width, _PICTURES)
        texts = drawn_texts(_TEXTS)
        rows = [engine.images(pictures[at : at + _BATCH]) for at in range(0, _PICTURES, _BATCH)]
        words = [engine.texts(texts[at : at + _BATCH]).vectors for at in range(0, _TEXTS, _BATCH)]
        return cls(np.concatenate(rows), np.concatenate(words))

    @classmethod
    def read(cls, folder: Path) -> ProbeVectors:
        """What `write` left there."""
        with np.load(folder / _FILE, allow_pickle=False) as arrays:
            return cls(arrays["pictures"], arrays["texts"])

    def write(self, folder: Path) -> None:
        """Leaves them in a folder."""
        np.savez(folder / _FILE, pictures=self.pictures, texts=self.texts)


def fidelity(ours: ProbeVectors, reference: ProbeVectors) -> float:
    """The lowest cosine over all probes; -1 when a vector is not finite or is zero."""
    lowest = [
        _cosines(left, right).min()
        for left, right in (
            (ours.pictures, reference.pictures),
            (ours.texts, reference.texts),
        )
    ]
    return float(min(lowest))


def _cosines(left: Matrix, right: Matrix) -> npt.NDArray[np.float64]:
    a, b = left.astype(np.float64), right.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(all="ignore"):
        cosines = (a * b).sum(axis=1) / lengths
    finite: npt.NDArray[np.float64] = np.nan_to_num(cosines, nan=-1.0, posinf=-1.0, neginf=-1.0)
    return finite
