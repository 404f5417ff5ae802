"""Drawn vectors whose neighbourhoods look like those of photographs, the same for the same seed.

Vectors drawn evenly from a sphere have no neighbours worth the name, and blobs of equal size have
too easy ones; an approximate index measured on either says little. Photographs come in topics of
very unequal size, each varying along few directions of unequal strength, and in bursts of nearly
the same picture. So here: Zipf-sized topics, a low-dimensional subspace with falling spectrum for
each, weak noise in all directions, and near-duplicates for a share of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_STRUCTURE_SEED = 20_260
_CHUNK = 10_000


@dataclass(frozen=True)
class Clusters:
    """How the vectors are drawn.

    Args:
        dimension: components of each vector.
        topics: number of topics; their sizes follow Zipf's law with exponent `zipf`.
        directions: dimension of each topic's subspace.
        spread: length of a vector's offset from its topic's centre, relative to the centre's.
        noise: length of the offset in all other directions.
        bursts: share of rows that nearly repeat another row.
    """

    dimension: int = 768
    topics: int = 2_000
    zipf: float = 1.1
    directions: int = 24
    spread: float = 0.75
    noise: float = 0.25
    bursts: float = 0.15

    def draw(self, rows: int, seed: int) -> Vectors:
        """Unit vectors, float32, shape (rows, dimension); the topics are the same for all seeds."""
        random = np.random.default_rng(seed)
        centres, spans = self._topics()
        topic = random.choice(self.topics, rows, p=self._sizes())
        out = np.empty((rows, self.dimension), np.float32)
        for start in range(0, rows, _CHUNK):
            part = slice(start, min(rows, start + _CHUNK))
            out[part] = self._around(centres, spans, topic[part], random)
        self._burst(out, random)
        return _unit(out)

    def _sizes(self) -> npt.NDArray[np.float64]:
        weight = np.arange(1, self.topics + 1, dtype=np.float64) ** -self.zipf
        sizes: npt.NDArray[np.float64] = weight / weight.sum()
        return sizes

    def _topics(self) -> tuple[Vectors, Vectors]:
        random = np.random.default_rng(_STRUCTURE_SEED)
        spectrum = np.arange(1, self.dimension + 1, dtype=np.float32) ** -0.6
        centres = random.standard_normal((self.topics, self.dimension), np.float32) * spectrum
        turn, _ = np.linalg.qr(random.standard_normal((self.dimension, self.dimension)))
        shape = (self.topics, self.directions, self.dimension)
        spans = random.standard_normal(shape, np.float32) / np.float32(np.sqrt(self.dimension))
        falling = np.arange(1, self.directions + 1, dtype=np.float32) ** -0.5
        falling /= np.linalg.norm(falling)
        return _unit(centres @ turn.astype(np.float32)), spans * falling[:, None]

    def _around(
        self,
        centres: Vectors,
        spans: Vectors,
        topic: npt.NDArray[np.int64],
        random: np.random.Generator,
    ) -> Vectors:
        offsets = random.standard_normal((len(topic), self.directions), np.float32)
        noise = random.standard_normal((len(topic), self.dimension), np.float32)
        noise *= np.float32(self.noise / np.sqrt(self.dimension))
        out = centres[topic] + noise
        for name in np.unique(topic):
            rows = topic == name
            out[rows] += self.spread * (offsets[rows] @ spans[name])
        return out

    def _burst(self, vectors: Vectors, random: np.random.Generator) -> None:
        copies = int(len(vectors) * self.bursts)
        source = random.integers(0, len(vectors), copies)
        target = random.choice(len(vectors), copies, replace=False)
        jitter = random.standard_normal((copies, self.dimension), np.float32)
        vectors[target] = vectors[source] + np.float32(0.03 / np.sqrt(self.dimension)) * jitter


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
