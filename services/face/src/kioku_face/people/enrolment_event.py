"""What is announced when a picture is enrolled: its face's vector, of no asset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue
from kioku_rt.space_message import space_message

from kioku_face.database import SCHEMA

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_rt.db.pool import Connection

    from kioku_face.people.ports import Enrolment

READY = "embedding.ready"


async def announce_vector(
    connection: Connection, owner: str, face_id: UUID, new: Enrolment
) -> None:
    """`embedding.ready` with one vector and an empty asset, in the caller's transaction."""
    assert new.found.vector is not None  # noqa: S101 - `good_face` refused the others
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    message = events_pb2.EmbeddingReady(
        owner=owner,
        space=space_message(new.space),
        items=[
            events_pb2.EmbeddedItem(
                vector=new.found.vector.astype("<f4").tobytes(), face_id=str(face_id)
            )
        ],
        generation=1,
        attempts=1,
        event_time=stamp,
    )
    await enqueue(
        connection, schema=SCHEMA, subject=READY, message=message, event_id=f"enrolled-{face_id}"
    )
