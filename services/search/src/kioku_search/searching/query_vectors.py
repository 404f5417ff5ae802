"""Promise: the same words are embedded once, however many ask for them at the same time.

Vectors of texts are kept by (space, text), those of pictures by (space, SHA-256 of the bytes), both
in one bounded LRU cache each. A picture's entry is dropped when an asset with those bytes is
deleted.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.answers.cache import Cache
from kioku_search.spaces.space import Space

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


class QueryVectors:
    """Vectors of queries, cached.

    Args:
        embedder: makes them.
        texts, images: how many of each are kept.
    """

    def __init__(self, embedder: Embedder, *, texts: int, images: int) -> None:
        self._embedder = embedder
        self._texts = Cache[Key, Floats](texts)
        self._images = Cache[Key, Floats](images)

    async def of_text(self, text: str, space: Space) -> tuple[Floats, bool]:
        """The vector of a clean text, and whether it came from the cache.

        Raises:
            DependencyDown: EMBEDDER_UNAVAILABLE.
        """
        vector, found = await self._texts.get(
            (space.space_id, text),
            lambda: self._checked(self._embedder.embed_text(text, space.space_id), space),
        )
        return vector, found.was_there

    async def of_image(self, image: bytes, sha256: str, space: Space) -> tuple[Floats, bool]:
        """The vector of a picture with that SHA-256, and whether it came from the cache.

        Raises:
            InvalidInput: the bytes are no picture that can be read.
            DependencyDown: EMBEDDER_UNAVAILABLE.
        """
        vector, found = await self._images.get(
            (space.space_id, sha256),
            lambda: self._checked(self._embedder.embed_image(image, space.space_id), space),
        )
        return vector, found.was_there

    def forget_image(self, sha256: str) -> None:
        """Drop what is kept of these bytes; an asset that held them was deleted."""
        self._images.drop_matching(lambda key: key[1] == sha256)

    async def _checked(self, making: Awaitable[Floats], space: Space) -> Floats:
        try:
            vector = unit_vector(await making, space.dimension)
        except InvalidInput as error:
            if error.reason not in _MODEL_FAULTS:
                raise
            raise DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE) from error
        vector.setflags(write=False)  # many searches hold the same one
        return vector


_MODEL_FAULTS = frozenset(
    {Reason.VECTOR_WRONG_DIMENSION, Reason.VECTOR_NOT_FINITE, Reason.VECTOR_ZERO_NORM}
)
