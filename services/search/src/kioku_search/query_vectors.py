"""Promise: the same words are embedded once, however many ask for them at the same time.

Vectors of texts are kept by (space, text), those of pictures by (space, SHA-256 of the bytes), both
in one bounded LRU cache each. A picture's entry is dropped when an asset with those bytes is
deleted.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.space import Space

Floats = npt.NDArray[np.float32]
Key = tuple[str, str]


class Embedder(Protocol):
    """Makes vectors of queries; the space is always named."""

    async def embed_text(self, text: str, space_id: str) -> Floats:
        """The text's vector.  Raises DependencyDown, KiokuError."""

    async def embed_image(self, image: bytes, space_id: str) -> Floats:
        """The picture's vector.  Raises DependencyDown, KiokuError, InvalidInput."""

    async def default_space(self) -> Space:
        """The space of vectors made without naming one.  Raises DependencyDown."""


class VectorCache:
    """The most recently used vectors, and the ones being made.

    Args:
        entries: how many are kept; 0 keeps none (concurrent callers still share one making).
    """

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._kept: OrderedDict[Key, Floats] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Floats]] = {}

    async def get(self, key: Key, make: Callable[[], Awaitable[Floats]]) -> tuple[Floats, bool]:
        """The vector, and whether it was there already.

        Callers that come while it is being made wait for it; one that gives up leaves the others
        their answer. A failure is not kept.
        """
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept, True
        task = self._making.get(key)
        if task is None:
            # Its own context: the first caller's deadline must not end it for the others.
            task = asyncio.create_task(self._make(key, make), context=contextvars.Context())
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task), False

    def drop(self, matches: Callable[[Key], bool]) -> None:
        """Forget every vector whose key matches, also one still being made."""
        for key in [key for key in self._kept if matches(key)]:
            del self._kept[key]
        for key in [key for key in self._making if matches(key)]:
            del self._making[key]

    def __len__(self) -> int:
        return len(self._kept)

    async def _make(self, key: Key, make: Callable[[], Awaitable[Floats]]) -> Floats:
        vector = await make()
        vector.setflags(write=False)
        if self._making.get(key) is asyncio.current_task():  # else it was dropped meanwhile
            self._kept[key] = vector
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)
        return vector

    def _made(self, key: Key, task: asyncio.Task[Floats]) -> None:
        if self._making.get(key) is task:
            del self._making[key]
        if not task.cancelled():
            task.exception()  # whoever still waits hears it; nobody else has to


class QueryVectors:
    """Vectors of queries, cached.

    Args:
        embedder: makes them.
        texts, images: how many of each are kept.
    """

    def __init__(self, embedder: Embedder, *, texts: int, images: int) -> None:
        self._embedder = embedder
        self._texts = VectorCache(texts)
        self._images = VectorCache(images)

    async def of_text(self, text: str, space: Space) -> tuple[Floats, bool]:
        """The vector of a clean text, and whether it came from the cache.

        Raises:
            DependencyDown: EMBEDDER_UNAVAILABLE.
        """
        return await self._texts.get(
            (space.space_id, text),
            lambda: self._checked(self._embedder.embed_text(text, space.space_id), space),
        )

    async def of_image(self, image: bytes, sha256: str, space: Space) -> tuple[Floats, bool]:
        """The vector of a picture with that SHA-256, and whether it came from the cache.

        Raises:
            InvalidInput: the bytes are no picture that can be read.
            DependencyDown: EMBEDDER_UNAVAILABLE.
        """
        return await self._images.get(
            (space.space_id, sha256),
            lambda: self._checked(self._embedder.embed_image(image, space.space_id), space),
        )

    def forget_image(self, sha256: str) -> None:
        """Drop what is kept of these bytes; an asset that held them was deleted."""
        self._images.drop(lambda key: key[1] == sha256)

    async def _checked(self, making: Awaitable[Floats], space: Space) -> Floats:
        try:
            return unit_vector(await making, space.dimension)
        except InvalidInput as error:
            if error.reason not in _MODEL_FAULTS:
                raise
            raise DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE) from error


_MODEL_FAULTS = frozenset(
    {Reason.VECTOR_WRONG_DIMENSION, Reason.VECTOR_NOT_FINITE, Reason.VECTOR_ZERO_NORM}
)
