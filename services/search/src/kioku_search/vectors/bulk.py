"""Promise: vectors that are loaded in bulk are as sound as those that come by event.

Each belongs to an asset that is there, has its space's length and direction, and replaces nothing.
A batch is written whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Principal, acceptable_subject
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.vectors import SMALLEST_NORM

from kioku_search.indexes.index import SpaceIndex
from kioku_search.spaces.space import FACE

MOST = 10_000
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Vectors as they came: packed, little-endian, half or single precision."""

    space_id: str
    owner: str
    asset_ids: tuple[str, ...]
    packed: bytes
    half: bool


@dataclass(frozen=True)
class Loaded:
    """How many were written, and how many had a vector already."""

    imported: int = 0
    kept: int = 0


class Loader(Protocol):
    """Writes vectors of pictures that exist."""

    async def put(
        self, index: SpaceIndex, owner: str, asset_ids: list[UUID], vectors: Floats
    ) -> Loaded:
        """One transaction.  Raises InvalidInput ASSET_NOT_FOUND, naming the first unknown one."""


class Indexes(Protocol):
    """Which spaces there are, and who loaded into them."""

    async def find(self, space_id: str) -> SpaceIndex | None:
        """The index of a space that is not retired."""


class Audit(Protocol):
    """Who did what."""

    async def audit(self, principal: Principal, action: str, space_id: str, **details: str) -> None:
        """Add an audit row."""


class BulkImport:
    """The ImportVectors rpc."""

    def __init__(self, indexes: Indexes, loader: Loader, audit: Audit) -> None:
        self._indexes = indexes
        self._loader = loader
        self._audit = audit

    async def load(self, principal: Principal, batches: AsyncIterator[Batch]) -> Loaded:
        """Write batch after batch; those before a bad one stay.

        Raises:
            InvalidInput: what is wrong with a batch, and where.
            KiokuError: SPACE_UNKNOWN, ASSET_NOT_FOUND.
        """
        index: SpaceIndex | None = None
        imported = kept = 0
        async for batch in batches:
            if index is None:
                index = await self._begin(principal, batch)
            elif batch.space_id != index.space_id:
                raise _invalid("space_id", "All messages of a stream are of one space.")
            asset_ids = _asset_ids(batch)
            vectors = await asyncio.to_thread(_vectors, batch, index)
            loaded = await self._loader.put(index, _owner(batch), asset_ids, vectors)
            imported, kept = imported + loaded.imported, kept + loaded.kept
        return Loaded(imported, kept)

    async def _begin(self, principal: Principal, batch: Batch) -> SpaceIndex:
        index = await self._indexes.find(batch.space_id)
        if index is None or index.kind == FACE:  # those come by event alone
            raise KiokuError(Reason.SPACE_UNKNOWN, metadata={"space_id": batch.space_id[:128]})
        await self._audit.audit(principal, "vectors.import", index.space_id, owner=_owner(batch))
        return index


def _owner(batch: Batch) -> str:
    if not acceptable_subject(batch.owner):
        raise _invalid("owner", "The owner must have 1 to 255 printable characters.")
    return batch.owner


def _asset_ids(batch: Batch) -> list[UUID]:
    count = len(batch.asset_ids)
    if not 1 <= count <= MOST:
        raise _invalid("asset_ids", f"There are {count} assets; 1 to {MOST} are taken.")
    found = [
        canonical_uuid(one, f"asset_ids[{number}]") for number, one in enumerate(batch.asset_ids)
    ]
    if len(set(found)) < count:
        raise _invalid("asset_ids", "An asset comes twice in one message.")
    return found


def _vectors(batch: Batch, index: SpaceIndex) -> Floats:
    """The batch's vectors, float32 of shape (assets, dimension), scaled as the space's are."""
    width = 2 if batch.half else 4
    expected = len(batch.asset_ids) * index.dimension * width
    if len(batch.packed) != expected:
        raise InvalidInput(
            Reason.VECTOR_WRONG_DIMENSION,
            f"There are {len(batch.packed)} bytes of vectors; {expected} are needed.",
            field="vectors",
            metadata={"bytes": str(len(batch.packed)), "expected": str(expected)},
        )
    numbers = np.frombuffer(batch.packed, "<f2" if batch.half else "<f4")
    vectors = numbers.reshape(-1, index.dimension).astype(np.float64)
    _refuse(~np.isfinite(vectors).all(axis=1), Reason.VECTOR_NOT_FINITE)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    _refuse(lengths[:, 0] < SMALLEST_NORM, Reason.VECTOR_ZERO_NORM)
    scaled: Floats = (vectors / lengths if index.normalised else vectors).astype(np.float32)
    _refuse((np.abs(scaled) > np.finfo(np.float16).max).any(axis=1), Reason.VECTOR_NOT_FINITE)
    return scaled


def _refuse(bad: Any, reason: Reason) -> None:
    if bad.any():
        raise InvalidInput(reason, field=f"vectors[{int(bad.argmax())}]")


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message, field=field)
