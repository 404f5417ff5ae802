"""A deleted asset leaves nothing here, says so once, and stays away."""

from __future__ import annotations

import uuid
from typing import Any

from kioku.events.v1 import events_pb2

from tests.integration.vlm.rig import Db, notice, until

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}


async def purged(db: Db, count: int = 1) -> list[events_pb2.AssetPurged]:
    """What was confirmed, once it is so many."""

    async def receipts() -> Any:
        found = await db.told("asset.purged", events_pb2.AssetPurged)
        return found if len(found) >= count else None

    found: list[events_pb2.AssetPurged] = await until(receipts)
    return found


async def test_nothing_is_left_and_the_receipt_says_what_went(db: Db, start_vlm: Any) -> None:
    """Observation, entities and links go; others' stay; one confirmation, audited."""
    async with start_vlm() as service:
        gone = await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
        await db.owner.execute(
            "INSERT INTO vlm.vlm_links (owner, link_id, observation_id, document_path, actor)"
            " VALUES ('ann', gen_random_uuid(), $1, 'a/b', 'ann')",
            row["observation_id"],
        )
        await service.upload("ben", notice(FAIR))
        await db.until_read("ben")
        await service.delete("ann", gone, "once")
        await service.delete("ann", gone, "once")
        [receipt] = await purged(db)
    assert (str(gone), "ann", "vlm") == (receipt.asset_id, receipt.owner, receipt.participant)
    assert {"vlm_observations": 1, "vlm_detection_entities": 3, "vlm_links": 1} == dict(
        receipt.removed
    )
    for table in ("vlm_observations", "vlm_detection_entities", "vlm_readings", "vlm_links",
                  "vlm_observation_assets"):  # fmt: skip
        owners = await db.owner.fetch(f"SELECT DISTINCT owner FROM vlm.{table}")
        assert "ann" not in {one["owner"] for one in owners}, table
    assert 1 == len(await db.observations("ben"))
    assert 1 == len(await db.audited("asset.purge"))


async def test_an_observation_stays_for_the_other_assets(db: Db, start_vlm: Any) -> None:
    """It goes with the last asset that holds its bytes, and not before."""
    async with start_vlm() as service:
        first = await service.upload("ann", notice(FAIR))
        second = await service.upload("ann", notice(FAIR))

        async def both() -> bool:
            count = await db.owner.fetchval("SELECT count(*) FROM vlm.vlm_observation_assets")
            return bool(count == 2)

        await until(both)
        await db.until_read("ann")
        await service.delete("ann", first)
        [receipt] = await purged(db)
        assert 0 == sum(receipt.removed.values())
        assert 1 == len(await db.entries("ann"))
        await service.delete("ann", second)
        receipt = (await purged(db, 2))[1]
    assert 1 == receipt.removed["vlm_observations"]
    assert [] == await db.observations("ann")


async def test_a_late_upload_event_brings_nothing_back(db: Db, start_vlm: Any) -> None:
    """After the tombstone no event of the asset has an effect, whatever its generation."""
    async with start_vlm() as service:
        asset_id = uuid.uuid4()
        await service.delete("ann", asset_id)
        await purged(db)
        await service.upload("ann", notice(FAIR), asset_id=asset_id)
        await service.upload("ann", notice(FAIR), asset_id=asset_id, generation=7)
        await service.upload("ben", notice(FAIR))
        await db.until_read("ben")
    assert [] == await db.observations("ann")
    assert 1 == len(service.reader.calls)


async def test_a_reading_that_a_deletion_overtakes_stores_nothing(db: Db, start_vlm: Any) -> None:
    """The picture is being read while it is deleted: nothing of it is left."""
    async with start_vlm() as service:
        service.reader.gate.clear()
        asset_id = await service.upload("ann", notice(FAIR))

        async def reading() -> bool:
            return len(service.reader.calls) == 1

        await until(reading)
        await service.delete("ann", asset_id)
        await purged(db)
        service.reader.gate.set()
        await service.upload("ben", notice(FAIR))
        await db.until_read("ben")
        assert [] == await db.entries("ann")
    assert {"ben"} == {one.owner for one in await db.ready()}
