"""Promise: what is looked for by sight is one vector of the space that is searched.

A picture (an asset, a vector) and words together are the direction of the weighted sum of both unit
vectors, so words say what shall be different about the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.vectors import SMALLEST_NORM, unit_vector

from kioku_search.hybrid.results import Seen
from kioku_search.searching.query import (
    ImageQuery,
    JointQuery,
    LikeQuery,
    Query,
    TextQuery,
    VectorQuery,
)

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_rt.auth.principal import Acting

    from kioku_search.searching.query_vectors import QueryVectors
    from kioku_search.spaces.space import Space

Floats = npt.NDArray[np.float32]


class AssetVectors(Protocol):
    """Vectors of an owner's assets."""

    async def mean_vector(self, acting: Acting, asset_id: UUID, space_id: str) -> Floats | None:
        """The vector of an asset, of a video the mean of its frames; None if it has none."""

    async def check_searchable(self, acting: Acting, asset_id: UUID, space_id: str) -> None:
        """Say why an asset has no neighbours.  Raises KiokuError if there is a reason."""


class Sight:
    """Makes vectors of queries; an asset alone needs none, the database has it."""

    def __init__(self, vectors: QueryVectors, assets: AssetVectors) -> None:
        self._vectors = vectors
        self._assets = assets

    async def of(self, acting: Acting, query: Query, space: Space) -> tuple[Seen, bool]:
        """What a query looks for, and whether its vector came from the cache.

        Raises:
            InvalidInput: a bad vector or picture.
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_READY, TEXT_NOT_SUPPORTED.
            DependencyDown: the database or the embedder does not answer.
        """
        match query:
            case TextQuery(text):
                vector, cached = await self._vectors.of_text(text, space)
                return Seen(space, vector, None, 0.0, 1.0), cached
            case ImageQuery(image, sha256):
                vector, cached = await self._vectors.of_image(image, sha256, space)
                return Seen(space, vector, None, 1.0, 0.0), cached
            case VectorQuery(_, values):
                vector = unit_vector(values, space.dimension, field="vector.values")
                return Seen(space, vector, None, 1.0, 0.0), False
            case LikeQuery(asset_id):
                return Seen(space, None, asset_id, 1.0, 0.0), False
            case JointQuery():
                return await self._joint(acting, query, space)

    async def _joint(self, acting: Acting, query: JointQuery, space: Space) -> tuple[Seen, bool]:
        """The weighted sum, its length made one; the words alone if both cancel out."""
        text, text_cached = await self._vectors.of_text(query.text, space)
        base, cached = await self.of(acting, query.base, space)
        vector = base.vector
        if vector is None:
            vector = await self._mean(acting, query.base, space)
        joined = (1.0 - query.share) * vector.astype(np.float64) + query.share * text
        length = float(np.linalg.norm(joined))
        if length < SMALLEST_NORM:
            return Seen(space, text, None, 0.0, 1.0), text_cached
        unit = (joined / length).astype(np.float32)
        shares = ((1.0 - query.share) / length, query.share / length)
        return Seen(space, unit, None, *shares), cached and text_cached

    async def _mean(self, acting: Acting, query: Query, space: Space) -> Floats:
        if isinstance(query, LikeQuery):
            mean = await self._assets.mean_vector(acting, query.asset_id, space.space_id)
            if mean is not None:
                return unit_vector(mean, space.dimension)
            await self._assets.check_searchable(acting, query.asset_id, space.space_id)
        raise KiokuError(Reason.ASSET_NOT_READY)
