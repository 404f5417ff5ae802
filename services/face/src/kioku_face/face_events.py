"""What `face` announces, as messages of `kioku.events.v1`, each in the caller's transaction.

An `embedding.ready` has an id made from what it says (asset, frame, look, part), so that a look
that is stored once is told once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue
from kioku_rt.space_message import space_message

from kioku_face.database import SCHEMA
from kioku_face.face import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kioku_rt.db.pool import Connection

    from kioku_face.detection import Look
    from kioku_face.face import FoundFace
    from kioku_face.picture import Picture

READY = "embedding.ready"
PURGED = "asset.purged"
PARTICIPANT = "face"
ITEMS = 64
"""Vectors of one event: 64 of 512 components are 128 KiB of the 512 an event may have."""
_NAMESPACE = UUID("6b696f6b-752d-5661-8365-666163650002")


async def announce_vectors(
    connection: Connection,
    picture: Picture,
    look: Look,
    faces: Sequence[tuple[UUID, FoundFace]],
    *,
    look_no: int,
    attempts: int,
) -> None:
    """`embedding.ready` for the faces that have a vector, at most 64 in one."""
    items = [_item(picture, face_id, face) for face_id, face in faces if face.vector is not None]
    for start in range(0, len(items), ITEMS):
        message = events_pb2.EmbeddingReady(
            asset_id=str(picture.asset_id),
            owner=picture.owner,
            space=space_message(look.space),
            items=items[start : start + ITEMS],
            generation=picture.generation,
            attempts=attempts,
            duration_ms=look.seconds * 1000,
            event_time=_now(),
        )
        told = f"{picture.asset_id}/{picture.frame_no}/{picture.generation}/{look_no}/{start}"
        await enqueue(
            connection,
            schema=SCHEMA,
            subject=READY,
            message=message,
            event_id=str(uuid5(_NAMESPACE, f"{picture.owner}/{told}")),
        )


async def announce_purged(
    connection: Connection, owner: str, asset_id: UUID, removed: Mapping[str, int]
) -> None:
    """`asset.purged`: this service holds nothing of the asset any more."""
    message = events_pb2.AssetPurged(
        asset_id=str(asset_id),
        owner=owner,
        participant=PARTICIPANT,
        removed=dict(removed),
        event_time=_now(),
    )
    await enqueue(connection, schema=SCHEMA, subject=PURGED, message=message)


def _item(picture: Picture, face_id: UUID, face: FoundFace) -> events_pb2.EmbeddedItem:
    in_film = picture.frame_no != WHOLE
    assert face.vector is not None  # noqa: S101 - the caller chose those that have one
    return events_pb2.EmbeddedItem(
        vector=face.vector.astype("<f4").tobytes(),
        frame_no=picture.frame_no if in_film else None,
        time_ms=picture.time_ms if in_film else None,
        face_id=str(face_id),
    )


def _now() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp
