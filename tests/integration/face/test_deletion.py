"""A deleted asset leaves nothing here, says so once, and stays away."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2

from tests.integration.face.rig import BLUE, RED, Db, draw, until
from tests.integration.face.test_detection import looked_at

ADA, BEN = (RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80))


async def purged(db: Db, count: int = 1) -> list[events_pb2.AssetPurged]:
    """What was confirmed, once it is so many."""

    async def rows() -> Any:
        found = await db.owner.fetch(
            "SELECT payload FROM face.outbox WHERE subject = 'asset.purged' ORDER BY id"
        )
        return found if len(found) >= count else None

    return [events_pb2.AssetPurged.FromString(row["payload"]) for row in await until(rows)]


def deletion(owner: str, asset_id: UUID) -> events_pb2.AssetDeleted:
    """What `search` says."""
    return events_pb2.AssetDeleted(asset_id=str(asset_id), owner=owner)


async def test_nothing_is_left_and_the_receipt_says_what_went(db: Db, start_face: Any) -> None:
    """Faces, rejections and the asset go; other assets stay; one confirmation, audited."""
    async with start_face() as service:
        gone, stays = [await service.upload("ann", draw(ADA, BEN)) for _ in range(2)]
        for asset_id in (gone, stays):
            await looked_at(db, asset_id)
        face_id = (await db.owner.fetchval("SELECT face_id FROM face.faces WHERE asset_id = $1",
                                           gone))  # fmt: skip
        await db.owner.execute(
            "INSERT INTO face.rejections VALUES ('ann', $1, $2)", face_id, await db.person("ann")
        )
        await service.publish("asset.deleted", deletion("ann", gone), "once")
        [receipt] = await purged(db)
    assert (str(gone), "ann", "face") == (receipt.asset_id, receipt.owner, receipt.participant)
    assert 2 == receipt.removed["faces"]
    assert {stays} == {face["asset_id"] for face in await db.faces("ann")}
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM face.rejections")
    assert 1 == len(await db.audited("asset.purge"))


async def test_a_late_upload_event_brings_nothing_back(db: Db, start_face: Any) -> None:
    """After the tombstone no event of the asset has an effect, frames included."""
    async with start_face() as service:
        asset_id = uuid.uuid4()
        await service.publish("asset.deleted", deletion("ann", asset_id))
        await purged(db)
        await service.upload("ann", draw(ADA), asset_id=asset_id)
        await service.upload(
            "ann", b"film", asset_id=asset_id, kind=asset_pb2.ASSET_KIND_VIDEO, generation=2
        )
        await service.cut("ann", asset_id, [(0, draw(ADA))])
        other = await service.upload("ann", draw(BEN))
        await looked_at(db, other)
        assert {other} == {face["asset_id"] for face in await db.faces("ann")}
        assert 1 == await db.owner.fetchval("SELECT count(*) FROM face.assets")


async def test_a_look_that_a_deletion_overtakes_stores_nothing(db: Db, start_face: Any) -> None:
    """The picture is being looked at while it is deleted: no face of it is left."""
    async with start_face() as service:
        service.finder.gate.clear()
        asset_id = await service.upload("ann", draw(ADA))

        async def looking() -> bool:
            return service.finder.calls == 1

        await until(looking)
        await service.publish("asset.deleted", deletion("ann", asset_id))
        await purged(db)
        service.finder.gate.set()
        await looked_at(db, await service.upload("ann", draw()))
        assert [] == await db.faces("ann")


async def test_a_second_delivery_confirms_once(db: Db, start_face: Any) -> None:
    """The same event twice: one confirmation in the outbox."""
    asset_id = uuid.uuid4()
    async with start_face() as service:
        for _ in range(2):
            await service.publish("asset.deleted", deletion("ann", asset_id), "again")
        await purged(db)
        other = uuid.uuid4()
        await service.publish("asset.deleted", deletion("ann", other), "other")
        receipts = await purged(db, 2)
    assert [str(asset_id), str(other)] == [one.asset_id for one in receipts]
