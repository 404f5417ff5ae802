"""Frames of videos: one a second is looked at, once, and a bad one fails alone."""

from __future__ import annotations

import io
import uuid
from typing import Any
from uuid import UUID

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.face.v1 import face_service_pb2 as messages
from PIL import Image

from tests.integration.face.rig import BLUE, RED, Db, Service, draw, until
from tests.integration.face.test_detection import told

VIDEO = asset_pb2.ASSET_KIND_VIDEO
ADA, BEN = (RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80))
MOVIE = b"the bytes of a video"


async def frames(db: Db, asset_id: UUID, count: int) -> list[Any]:
    """The frames of a video once so many were looked at."""

    async def rows() -> Any:
        found = await db.owner.fetch(
            "SELECT * FROM face.frames WHERE asset_id = $1 AND state <> 'PENDING'"
            " ORDER BY frame_no",
            asset_id,
        )
        return found if len(found) == count else None

    return await until(rows)


async def film(service: Service, db: Db, owner: str = "ann") -> UUID:
    """A video that is known and was not cut yet."""
    asset_id = await service.upload(owner, MOVIE, kind=VIDEO)

    async def known() -> Any:
        return await db.owner.fetchval(
            "SELECT count(*) FROM face.assets WHERE asset_id = $1", asset_id
        )

    await until(known)
    return asset_id


async def test_one_frame_a_second_is_looked_at(db: Db, start_face: Any) -> None:
    """The first frame of each second; items name frame and time."""
    times = (0, 400, 1000, 1900, 2000)
    async with start_face(face_empty_seconds=3600) as service:
        asset_id = await film(service, db)
        await service.cut("ann", asset_id, [(time, draw(ADA)) for time in times], total=5)
        rows = await frames(db, asset_id, 3)
    assert [(0, 0), (2, 1000), (4, 2000)] == [(row["frame_no"], row["time_ms"]) for row in rows]
    faces = await db.faces("ann")
    assert [0, 2, 4] == sorted(face["frame_no"] for face in faces)
    items = [item for event in await told(db) for item in event.items]
    assert [(0, 0), (2, 1000), (4, 2000)] == [(item.frame_no, item.time_ms) for item in items]
    assert 3 == len({item.face_id for item in items})


async def test_a_range_that_is_told_twice_is_looked_at_once(db: Db, start_face: Any) -> None:
    """Once for each space of pictures the same range comes; faces have one space."""
    async with start_face(face_empty_seconds=3600) as service:
        asset_id = await film(service, db)
        for space in ("one", "two"):
            await service.cut("ann", asset_id, [(0, draw(ADA))], space_id=space)
        await service.cut("ann", asset_id, [(0, draw(ADA))], order_id="more", first=0)
        await frames(db, asset_id, 1)
        last = await film(service, db)
        await service.cut("ann", last, [(0, draw(ADA))])
        await frames(db, last, 1)
    looks = await db.owner.fetch("SELECT looks FROM face.frames")
    assert [1, 1] == [row["looks"] for row in looks]


async def test_frames_before_their_video_wait_for_it(db: Db, start_face: Any) -> None:
    """The two events go by two consumers; whichever comes first, the faces are found."""
    asset_id = uuid.uuid4()
    async with start_face() as service:
        await service.cut("ann", asset_id, [(0, draw(ADA))])
        await service.upload("ann", MOVIE, asset_id=asset_id, kind=VIDEO)
        await frames(db, asset_id, 1)


async def test_a_bad_frame_fails_alone(db: Db, start_face: Any) -> None:
    """The others have their faces; it has its reason."""
    async with start_face() as service:
        asset_id = await film(service, db)
        await service.cut(
            "ann", asset_id, [(0, draw(ADA)), (1000, b"no picture"), (2000, draw(BEN))]
        )
        rows = await frames(db, asset_id, 3)
    assert ["", "IMAGE_UNSUPPORTED_FORMAT", ""] == [row["reason"] for row in rows]
    assert 2 == len(await db.faces("ann"))


async def test_a_new_cut_carries_faces_over(db: Db, start_face: Any) -> None:
    """Cut again, shorter: frames that stay keep their faces, the others go with theirs."""
    pictures = [(0, draw(ADA)), (1000, draw(ADA)), (2000, draw(BEN))]
    async with start_face() as service:
        asset_id = await film(service, db)
        await service.cut("ann", asset_id, pictures, total=3)
        await frames(db, asset_id, 3)
        before = {face["frame_no"]: face["face_id"] for face in await db.faces("ann")}
        await service.cut("ann", asset_id, pictures[:2], total=2, generation=2)

        async def anew() -> Any:
            faces = await db.faces("ann")
            return faces if {2} == {face["generation"] for face in faces} else None

        faces = await until(anew)
    assert {0: before[0], 1: before[1]} == {face["frame_no"]: face["face_id"] for face in faces}


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest_key": "derived/somebody-else/manifest.pb"},
        {"first_frame_no": 7},
        {"manifest": b"\xff\xff"},
    ],
)
async def test_a_manifest_that_does_not_belong_is_dead(
    db: Db, start_face: Any, changes: dict[str, Any]
) -> None:
    """No object of anybody else's is read, and the next range is looked at all the same."""
    async with start_face() as service:
        asset_id = await film(service, db)
        if "manifest" in changes:
            key = f"{service.home('ann', asset_id)}broken.pb"
            await service.objects.put(key, changes["manifest"], "application/x-protobuf")
            changes = {"manifest_key": key}
        await service.cut("ann", asset_id, [(0, draw(ADA))], **changes)
        await service.cut("ann", asset_id, [(5000, draw(BEN))], first=1)
        [row] = await frames(db, asset_id, 1)
    assert 1 == row["frame_no"]


async def test_a_crop_of_a_face_in_a_video_is_cut_from_its_frame(db: Db, start_face: Any) -> None:
    """The frame's own object is read, and the message names frame and time."""
    async with start_face() as service:
        asset_id = await film(service, db)
        await service.cut("ann", asset_id, [(0, draw()), (1500, draw(BEN))])
        await frames(db, asset_id, 2)
        ann = service.faces("ann")
        page = await ann.ListFaces(messages.ListFacesRequest(asset_id=str(asset_id)))
        [face] = page.faces
        crop = await ann.GetFaceCrop(messages.GetFaceCropRequest(face_id=face.face_id, size=32))
    assert (1, 1500) == (face.frame_no, face.time_ms)
    middle = Image.open(io.BytesIO(crop.image)).getpixel((16, 16))
    assert max(abs(a - b) for a, b in zip(middle, BLUE, strict=True)) < 20
