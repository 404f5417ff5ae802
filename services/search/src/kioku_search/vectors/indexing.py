"""Promise: a vector is stored only for a live asset, and every outcome of a stage is on record.

Both events may come twice, late, or in either order. A vector that is there stays; a failure of an
older try changes nothing. A video's vectors come by frame, in any order, before or after the news
that the frames exist; one bad frame is that frame's failure and nobody else's.
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

from kioku_search.assets.asset import EMBEDDING_STAGE, Failure
from kioku_search.spaces.space import IMAGE, Space, Spaces

Floats = npt.NDArray[np.float32]
_HALF_MAX = 65_504.0
_MAX_FRAMES = 64


@unique
class Effect(StrEnum):
    """What an event about an asset brought about."""

    DONE = "done"
    AGAIN = "again"  # this event had its effect before
    DEAD_ASSET = "dead_asset"  # deleted, or being deleted
    OVERTAKEN = "overtaken"  # a newer try, or a vector, is there already
    UNKNOWN = "unknown"  # there never was such an asset
    RETIRED = "retired"  # its space is retired, and with it all its vectors


@dataclass(frozen=True)
class Origin:
    """Which try of which asset an event speaks of."""

    event_id: str
    owner: str
    asset_id: UUID
    generation: int
    attempts: int


@dataclass(frozen=True)
class Item:
    """One vector as it came, little-endian float32; of a frame, its number, time and failure."""

    vector: bytes
    frame_no: int | None = None
    time_ms: int = 0
    failure: Failure | None = None


@dataclass(frozen=True)
class Ready:
    """Vectors of one asset, or of some of its frames."""

    origin: Origin
    space: Space
    items: Sequence[Item]


@dataclass(frozen=True)
class FrameVector:
    """The vector of one frame, or why it never gets one."""

    frame_no: int
    time_ms: int
    outcome: Floats | Failure


@dataclass(frozen=True)
class Failed:
    """A stage of an asset that failed for good; of embedding, in which space if one was named."""

    origin: Origin
    stage: str
    failure: Failure
    space_id: str = ""


class VectorStore(Protocol):
    """The transactions of both events; each records the event as processed and audits it."""

    async def put(self, origin: Origin, space_id: str, vector: Floats) -> Effect:
        """Store a vector; a picture's stage is done when searches find it."""

    async def fail(self, failed: Failed) -> Effect:
        """Note the failure on stage and asset, or on the back-fill of another space."""


class FrameVectorStore(Protocol):
    """The transaction of frames that were embedded."""

    async def put_vectors(
        self, origin: Origin, space_id: str, frames: Sequence[FrameVector]
    ) -> Effect:
        """Store them; the stage ends with the last frame in the space its owner is served from."""


class Indexing:
    """What `embedding.ready` and `asset.failed` do."""

    def __init__(self, store: VectorStore, frames: FrameVectorStore, spaces: Spaces) -> None:
        self._store = store
        self._frames = frames
        self._spaces = spaces

    async def vector_ready(self, ready: Ready) -> Effect | Failure:
        """Store the vectors, or give the reason why they never can be (noted on the asset).

        Raises:
            DependencyDown: the database does not answer.
        """
        origin, space = ready.origin, ready.space
        try:
            await self._spaces.register(space)
            if any(item.frame_no is not None for item in ready.items):
                frames = _frames(ready)
                return await self._frames.put_vectors(origin, space.space_id, frames)
            vector = _the_vector(ready)
        except InvalidInput as error:
            failure = Failure(error.reason, error.message)
            if space.kind == IMAGE:
                failed = Failed(origin, EMBEDDING_STAGE, failure, space.space_id)
                await self._store.fail(failed)
            return failure
        return await self._store.put(origin, space.space_id, vector)

    async def stage_failed(self, failed: Failed) -> Effect:
        """Note the failure, unless something newer is known."""
        return await self._store.fail(failed)


def _the_vector(ready: Ready) -> Floats:
    """The one vector of an asset."""
    if len(ready.items) != 1:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"An asset has one vector; there are {len(ready.items)}."
        )
    return _checked(ready.items[0].vector, ready.space)


def _frames(ready: Ready) -> list[FrameVector]:
    """Each frame once, with its vector or its failure."""
    numbers = {item.frame_no for item in ready.items}
    if len(numbers) != len(ready.items) or len(numbers) > _MAX_FRAMES or None in numbers:
        raise InvalidInput(Reason.FIELD_INVALID, "Each item must be another frame, at most 64.")
    if min(number for number in numbers if number is not None) < 0:
        raise InvalidInput(Reason.FIELD_INVALID, "A frame's number is negative.")
    return [
        FrameVector(item.frame_no, item.time_ms, _outcome(item, ready.space))
        for item in ready.items
        if item.frame_no is not None
    ]


def _outcome(item: Item, space: Space) -> Floats | Failure:
    if item.failure is not None:
        return item.failure
    try:
        return _checked(item.vector, space)
    except InvalidInput as error:
        return Failure(error.reason, error.message)


def _checked(raw: bytes, space: Space) -> Floats:
    """A vector with the space's dimension; of length one where the space says so."""
    if len(raw) != 4 * space.dimension:
        raise InvalidInput(
            Reason.VECTOR_WRONG_DIMENSION,
            f"The vector has {len(raw)} bytes; its space has {4 * space.dimension}.",
        )
    values = np.frombuffer(raw, dtype="<f4")
    if space.normalised:
        return unit_vector(values, space.dimension)
    vector = checked_vector(values, space.dimension)
    if float(np.abs(vector).max()) > _HALF_MAX:
        raise InvalidInput(
            Reason.VECTOR_NOT_FINITE, "The vector's numbers are too large for half precision."
        )
    if not vector.any():
        raise InvalidInput(Reason.VECTOR_ZERO_NORM)
    return vector
