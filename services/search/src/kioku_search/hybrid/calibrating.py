"""Promise: what is known of a space's background is at most a day old, or the space is too small.

Stored vectors of different assets are compared with each other, and with vectors of everyday words;
most of them have nothing to do with each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.vectors import unit_vector

from kioku_search.hybrid.relevance import Background, Calibration
from kioku_search.searching.query_vectors import Embedder
from kioku_search.spaces.space import IMAGE, Space, Spaces, share_of

Floats = npt.NDArray[np.float32]
FEWEST = 30
"""Assets without which nothing is known."""
SAMPLE = 1000
_DAY = timedelta(days=1)
_FRESH_SECONDS = 60.0
_HIGH, _HIGH_Z = 0.95, 1.645
_SMALLEST = 1e-6
EVERYDAY = (
    "dog", "cat", "bird", "horse", "fish", "a child at play", "an old man", "family at dinner",
    "car", "bicycle", "train", "boat on a lake", "airplane", "a busy street", "bridge", "house",
    "kitchen", "bedroom", "office desk", "computer", "telephone", "book", "newspaper",
    "cup of tea", "bread", "birthday cake", "bowl of soup", "apple", "flower", "tree in autumn",
    "forest", "mountain", "beach", "sea at sunset", "river", "snow", "rain", "night sky",
    "city at night", "garden", "football match", "swimming pool", "concert", "wedding",
    "school festival", "temple", "museum", "shop window", "red dress", "shoes", "hat", "watch",
    "guitar", "painting", "statue", "map", "receipt", "screenshot of a chat", "handwriting",
    "a chart", "犬", "海", "運動会", "誕生日", "桜", "電車",
)  # fmt: skip
"""What people look for; mostly not what any one picture shows."""


class Sampling(Protocol):
    """Where vectors are sampled and backgrounds are kept."""

    async def due(self, space_id: str, older: timedelta) -> bool:
        """Whether the background is older than that, or of half the assets there are now."""

    async def sample(self, space_id: str) -> Floats:
        """Vectors of different assets, at most `SAMPLE`, float32 of shape (assets, dimension)."""

    async def keep(self, space_id: str, calibration: Calibration, assets: int) -> None:
        """Replace what was known of the space."""

    async def all(self) -> Mapping[str, Calibration]:
        """What is known, by space."""


class Calibrations:
    """What is known of spaces, at most a minute old, so that a search costs no extra query."""

    def __init__(self, store: Sampling) -> None:
        self._store = store
        self._known: Mapping[str, Calibration] = {}
        self._fresh_until = float("-inf")
        self._changes = 0
        self._reading = asyncio.Lock()

    async def of(self, space_id: str) -> Calibration:
        """The calibration of a space; an empty one where nothing is known."""
        if time.monotonic() >= self._fresh_until:
            async with self._reading:
                if time.monotonic() >= self._fresh_until:
                    await self._read()
        return self._known.get(space_id, Calibration())

    def forget(self) -> None:
        """Read again before the next answer."""
        self._changes += 1
        self._fresh_until = float("-inf")

    async def _read(self) -> None:
        changes = self._changes
        self._known = await self._store.all()
        if changes == self._changes:  # else it changed while we read
            self._fresh_until = time.monotonic() + _FRESH_SECONDS


class Calibrating:
    """The job that measures backgrounds."""

    def __init__(
        self, store: Sampling, spaces: Spaces, embedder: Embedder, known: Calibrations
    ) -> None:
        self._store = store
        self._spaces = spaces
        self._embedder = embedder
        self._known = known

    async def run_once(self) -> bool:
        """Measure the spaces that somebody's pictures are searched in; whether any was due."""
        known = await self._spaces.known()
        served = [
            one.space
            for one in known.values()
            if one.space.kind == IMAGE and share_of(one.space.space_id, known) is not None
        ]
        return any([await self._measured(space) for space in served])

    async def _measured(self, space: Space) -> bool:
        if not await self._store.due(space.space_id, _DAY):
            return False
        vectors = await self._store.sample(space.space_id)
        if len(vectors) < FEWEST:
            return False
        texts = await self._texts(space)
        calibration = await asyncio.to_thread(_measure, vectors, texts)
        await self._store.keep(space.space_id, calibration, len(vectors))
        self._known.forget()
        return True

    async def _texts(self, space: Space) -> Floats | None:
        """Vectors of everyday words; None from a model without words."""
        try:
            made = [await self._embedder.embed_text(one, space.space_id) for one in EVERYDAY]
        except DependencyDown:
            raise
        except KiokuError:
            return None
        return np.stack([unit_vector(one, space.dimension) for one in made])


def _measure(vectors: Floats, texts: Floats | None) -> Calibration:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
    words = None if texts is None else background((texts @ unit.T).ravel())
    return Calibration(background(pairs), words)


def background(scores: Floats) -> Background:
    """How these scores lie; a spread of nothing counts as almost nothing."""
    median, high = (float(one) for one in np.quantile(scores, (0.5, _HIGH)))
    return Background(median, max((high - median) / _HIGH_Z, _SMALLEST))
