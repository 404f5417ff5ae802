"""What the tests of faces in `search` are made with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from kioku.events.v1 import events_pb2
from kioku_search.faces.face import Access, FaceVector, Link, Matchable
from kioku_search.faces.face_store import FaceStore
from kioku_search.faces.matching import Bounds, Probe
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.faces.storing import FaceOrigin
from kioku_search.spaces.space import Space
from kioku_search.spaces.space_message import space_message
from kioku_search.vectors.indexing import Effect

from tests.integration.search.rig import Db, space, unit

OWNER = "ann"
SPACE = space("arc", kind="FACE")
ADA, BEN = uuid.UUID(int=1), uuid.UUID(int=2)
ALL = Bounds(20, -1.0)


def access(owner: str = OWNER, sequence: int = 0, **changes: Any) -> Access:
    """Somebody who asks for an owner."""
    facts = {
        "owner": owner,
        "actor": "u-1",
        "purpose": "test",
        "request_id": "r-1",
        "consent_sequence": sequence,
        "service": "face",
        "token_id": "t",
        **changes,
    }
    return Access(**facts)


def link(
    face_id: uuid.UUID,
    person_id: uuid.UUID | None,
    version: int = 1,
    *,
    asset_id: uuid.UUID | None = None,
    reference: bool = True,
) -> Link:
    """A face is somebody's."""
    return Link(face_id, asset_id, person_id, reference, version)


def agrees(person_id: uuid.UUID, version: int = 1, **changes: Any) -> Matchable:
    """Somebody may be matched."""
    facts = {"user_id": "", "consented": True, "expires_at": None, **changes}
    return Matchable(person_id=person_id, version=version, **facts)


async def put(
    db: Db,
    faces: dict[uuid.UUID, np.ndarray],
    *,
    owner: str = OWNER,
    asset_id: uuid.UUID | None = None,
    generation: int = 1,
    one: Space = SPACE,
    event_id: str | None = None,
) -> Effect:
    """Store vectors as an event does."""
    await db.register(one)
    origin = FaceOrigin(event_id or str(uuid.uuid4()), owner, asset_id, generation)
    vectors = [FaceVector(face_id, -1, vector) for face_id, vector in faces.items()]
    return await FaceStore(db.worker).put(origin, one.space_id, vectors)


async def stored(db: Db, owner: str = OWNER) -> set[uuid.UUID]:
    """Ids of the faces whose vectors are stored."""
    rows = await db.owner.fetch(
        "SELECT face_id FROM search.face_embeddings WHERE owner = $1", owner
    )
    return {row["face_id"] for row in rows}


def ready(
    faces: dict[uuid.UUID, np.ndarray],
    *,
    owner: str = OWNER,
    asset_id: uuid.UUID | None = None,
    one: Space = SPACE,
) -> events_pb2.EmbeddingReady:
    """What `face` says when it found faces."""
    return events_pb2.EmbeddingReady(
        asset_id=str(asset_id or ""),
        owner=owner,
        space=space_message(one),
        items=[
            events_pb2.EmbeddedItem(vector=vector.astype("<f4").tobytes(), face_id=str(face_id))
            for face_id, vector in faces.items()
        ],
        generation=1,
        attempts=1,
    )


def near(vector: np.ndarray, by: float, seed: int | str) -> np.ndarray:
    """A unit vector some way from another."""
    moved = vector + by * unit(seed, len(vector))
    return (moved / np.linalg.norm(moved)).astype(np.float32)


def ids(number: int) -> Sequence[uuid.UUID]:
    """That many new ids."""
    return [uuid.uuid4() for _ in range(number)]


def probe(*vectors: np.ndarray, one: Space = SPACE) -> Probe:
    """A question about some vectors."""
    return Probe(one.space_id, [(None, vector) for vector in vectors])


async def matched(
    nearby: FaceNearStore, vector: np.ndarray, owner: str = OWNER, sequence: int = 0
) -> list[uuid.UUID]:
    """People that one vector is like."""
    (found,) = await nearby.people(access(owner, sequence), probe(vector), ALL, ())
    assert found is not None
    return [hit.person_id for hit in found]
