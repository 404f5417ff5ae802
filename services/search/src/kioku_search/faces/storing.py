"""Promise: a face's vector is stored for a live asset or enrolled picture, never an erased face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.faces.face import WHOLE, FaceVector, Floats
from kioku_search.spaces.space import FACE, Space, Spaces
from kioku_search.vectors.indexing import Effect

MOST = 64


@dataclass(frozen=True)
class FaceOrigin:
    """Which faces of what an event speaks of; `asset_id` None: of a picture that was not kept."""

    event_id: str
    owner: str
    asset_id: UUID | None
    generation: int


@dataclass(frozen=True)
class FaceItem:
    """One vector as it came, little-endian float32; `frame_no` None: of a picture."""

    face_id: str
    frame_no: int | None
    vector: bytes


class FaceStore(Protocol):
    """Where vectors of faces lie."""

    async def put(self, origin: FaceOrigin, space_id: str, faces: Sequence[FaceVector]) -> Effect:
        """Store them, all but erased ones and those of an older generation than is there."""


class FaceStoring:
    """What `embedding.ready` of faces does."""

    def __init__(self, store: FaceStore, spaces: Spaces) -> None:
        self._store = store
        self._spaces = spaces

    async def ready(self, origin: FaceOrigin, space: Space, items: Sequence[FaceItem]) -> Effect:
        """Store the vectors.

        Raises:
            InvalidInput: an item, or the space, can never be stored.
            DependencyDown: the database does not answer.
        """
        if space.kind != FACE:
            raise InvalidInput(Reason.FIELD_INVALID, "That is no space of faces.", field="space")
        await self._spaces.register(space)
        if not 0 < len(items) <= MOST or len({item.face_id for item in items}) != len(items):
            raise InvalidInput(
                Reason.FIELD_INVALID, f"Each item must be another face, 1 to {MOST}.", field="items"
            )
        faces = [_face(item, space, place) for place, item in enumerate(items)]
        return await self._store.put(origin, space.space_id, faces)


def _face(item: FaceItem, space: Space, place: int) -> FaceVector:
    frame_no = WHOLE if item.frame_no is None else item.frame_no
    if frame_no < WHOLE or (frame_no == WHOLE and item.frame_no is not None):
        raise InvalidInput(Reason.FIELD_INVALID, "A frame's number is negative.", field="items")
    face_id = canonical_uuid(item.face_id, f"items[{place}].face_id")
    return FaceVector(face_id, frame_no, _vector(item.vector, space))


def _vector(raw: bytes, space: Space) -> Floats:
    if len(raw) != 4 * space.dimension:
        raise InvalidInput(
            Reason.VECTOR_WRONG_DIMENSION,
            f"The vector has {len(raw)} bytes; its space has {4 * space.dimension}.",
            metadata={"bytes": str(len(raw)), "expected": str(4 * space.dimension)},
        )
    return unit_vector(np.frombuffer(raw, dtype="<f4"), space.dimension)
