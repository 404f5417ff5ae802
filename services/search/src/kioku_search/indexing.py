"""Promise: a vector is stored only for a live asset, and every outcome of a stage is on record.

Both events may come twice, late, or in either order. A vector that is there stays; a failure of an
older try changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import checked_vector, unit_vector

from kioku_search.asset import EMBEDDING_STAGE, Failure
from kioku_search.space import Space, Spaces

_HALF_MAX = 65_504.0


@unique
class Effect(StrEnum):
    """What an event about an asset brought about."""

    DONE = "done"
    AGAIN = "again"  # this event had its effect before
    DEAD_ASSET = "dead_asset"  # deleted, or being deleted
    OVERTAKEN = "overtaken"  # a newer try, or a vector, is there already
    UNKNOWN = "unknown"  # there never was such an asset


@dataclass(frozen=True)
class Origin:
    """Which try of which asset an event speaks of."""

    event_id: str
    owner: str
    asset_id: UUID
    generation: int
    attempts: int


@dataclass(frozen=True)
class Ready:
    """Vectors of one asset, as they came: little-endian float32."""

    origin: Origin
    space: Space
    vectors: Sequence[bytes]


@dataclass(frozen=True)
class Failed:
    """A stage of an asset that failed for good."""

    origin: Origin
    stage: str
    failure: Failure


class VectorStore(Protocol):
    """The transactions of both events; each records the event as processed and audits it."""

    async def put(self, origin: Origin, space_id: str, vector: npt.NDArray[np.float32]) -> Effect:
        """Store a vector; the stage is done if the space is the active one."""

    async def fail(self, failed: Failed) -> Effect:
        """Note the failure on stage and asset."""


class Indexing:
    """What `embedding.ready` and `asset.failed` do."""

    def __init__(self, store: VectorStore, spaces: Spaces) -> None:
        self._store = store
        self._spaces = spaces

    async def vector_ready(self, ready: Ready) -> Effect | Failure:
        """Store the vector, or give the reason why it never can be (noted on the asset).

        Raises:
            DependencyDown: the database does not answer.
        """
        try:
            await self._spaces.register(ready.space)
            vector = _the_vector(ready)
        except InvalidInput as error:
            failure = Failure(error.reason, error.message)
            await self._store.fail(Failed(ready.origin, EMBEDDING_STAGE, failure))
            return failure
        return await self._store.put(ready.origin, ready.space.space_id, vector)

    async def stage_failed(self, failed: Failed) -> Effect:
        """Note the failure, unless something newer is known."""
        return await self._store.fail(failed)


def _the_vector(ready: Ready) -> npt.NDArray[np.float32]:
    """The one vector of a picture, checked; of length one where the space says so."""
    if len(ready.vectors) != 1:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"A picture has one vector; there are {len(ready.vectors)}."
        )
    raw = ready.vectors[0]
    if len(raw) != 4 * ready.space.dimension:
        raise InvalidInput(
            Reason.VECTOR_WRONG_DIMENSION,
            f"The vector has {len(raw)} bytes; its space has {4 * ready.space.dimension}.",
        )
    values = np.frombuffer(raw, dtype="<f4")
    if ready.space.normalised:
        return unit_vector(values, ready.space.dimension)
    vector = checked_vector(values, ready.space.dimension)
    if float(np.abs(vector).max()) > _HALF_MAX:
        raise InvalidInput(
            Reason.VECTOR_NOT_FINITE, "The vector's numbers are too large for half precision."
        )
    if not vector.any():
        raise InvalidInput(Reason.VECTOR_ZERO_NORM)
    return vector
