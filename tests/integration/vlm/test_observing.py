"""What is uploaded is read, stored once, and told of: by events, whatever goes wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

from kioku.assets.v1 import asset_pb2
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.vlm.rig import Db, again, notice, until

FAIR = {
    "title": "Summer fair",
    "start": "2026-05-30T10:00",
    "end": "2026-05-30T15:00",
    "place": "School hall",
    "notes": ["Bring a bag", "Free entry"],
}


async def test_a_picture_becomes_an_observation_with_its_entries(db: Db, start_vlm: Any) -> None:
    """State, versions, day of the upload, each thing a row, one event, one row of the audit."""
    async with start_vlm() as service:
        asset_id = await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
    assert ("READY", 1, "notices@1", "p1", "s1", "notices@1", "en", "") == tuple(
        row[name]
        for name in (
            "state", "version", "model_version", "prompt_version", "schema_version",
            "reader_version", "language", "abstained",
        )
    )  # fmt: skip
    assert (date(2026, 5, 1), 1, None) == (row["today"], row["attempts"], row["claim"])
    entities = await db.owner.fetch("SELECT type, name FROM vlm.vlm_detection_entities")
    assert [
        ("DATETIME", "end"),
        ("DATETIME", "start"),
        ("EVENT", ""),
        ("NOTE", "note"),
        ("NOTE", "note"),
        ("PLACE", "place"),
    ] == sorted((one["type"], one["name"]) for one in entities)
    [told] = await db.ready()
    assert (str(row["observation_id"]), "ann", [str(asset_id)], 1, 1, 0, "notices@1") == (
        told.observation_id,
        told.owner,
        list(told.asset_ids),
        told.version,
        told.entry_count,
        told.flagged_count,
        told.model_version,
    )
    assert not told.HasField("failure")
    assert 1 == len(await db.audited("observation.read"))


async def test_the_same_bytes_are_read_once_for_an_owner(db: Db, start_vlm: Any) -> None:
    """Two assets, one observation, one reading; another owner's is their own."""
    async with start_vlm() as service:
        first = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        second = await service.upload("ann", notice(FAIR))
        await service.upload("ben", notice(FAIR))
        await db.until_read("ben")

        async def attached() -> Any:
            rows = await db.owner.fetch(
                "SELECT asset_id FROM vlm.vlm_observation_assets WHERE owner = 'ann'"
            )
            return {row["asset_id"] for row in rows} if len(rows) == 2 else None

        assert {first, second} == await until(attached)
    assert 2 == len(service.reader.calls)
    assert [1, 1] == [len(await db.observations(owner)) for owner in ("ann", "ben")]
    assert 2 == len(await db.ready())


async def test_a_second_delivery_changes_nothing(db: Db, start_vlm: Any) -> None:
    """The same event twice under other ids of the log: one reading, one `observation.ready`."""
    async with start_vlm() as service:
        original = await service.stored("ann", notice(FAIR))
        for _ in range(3):
            await service.tell(original)
        await db.until_read("ann")
        await service.upload("ben", notice())
        await db.until_read("ben")
    assert [1, 1] == [row["version"] for row in [*await db.observations("ann"),
                                                 *await db.observations("ben")]]  # fmt: skip
    assert 2 == len(service.reader.calls)


async def test_videos_are_passed_over(db: Db, start_vlm: Any) -> None:
    """No observation, nothing fetched; what comes after is read."""
    async with start_vlm() as service:
        await service.upload("ann", b"film", kind=asset_pb2.ASSET_KIND_VIDEO)
        await service.upload("ann", notice(FAIR))
        assert 1 == len(await db.until_read("ann"))
    assert 1 == len(service.reader.calls)


async def test_nothing_announced_is_said_so(db: Db, start_vlm: Any) -> None:
    """A picture without entries is READY, with the reason."""
    async with start_vlm() as service:
        await service.upload("ann", notice())
        [row] = await db.until_read("ann")
    assert ("READY", "NO_EVENT") == (row["state"], row["abstained"])
    assert 0 == (await db.ready())[0].entry_count


async def test_a_bad_file_fails_at_once_with_its_reason(db: Db, start_vlm: Any) -> None:
    """One attempt; observation, event and audit name the reason; a new order tries again."""
    async with start_vlm() as service:
        original = await service.stored("ann", b"no picture")
        await service.tell(original)
        [row] = await db.until_read("ann")
        assert ("FAILED", "IMAGE_UNSUPPORTED_FORMAT", 1) == (
            row["state"],
            row["reason"],
            len(service.reader.calls),
        )
        [told] = await db.ready()
        assert "IMAGE_UNSUPPORTED_FORMAT" == told.failure.reason
        [audited] = await db.audited("observation.read")
        assert ("failed", "IMAGE_UNSUPPORTED_FORMAT") == (audited["outcome"], audited["reason"])
        await service.tell(original)  # the same generation: it is known
        await service.tell(again(original, 2))

        async def tried_again() -> bool:
            return (await db.observations("ann"))[0]["version"] == 2

        await until(tried_again)
    assert 2 == len(service.reader.calls)


async def test_an_engine_that_is_away_costs_no_attempt(db: Db, start_vlm: Any) -> None:
    """Everything waits, nothing fails, and all is read when it is back."""
    async with start_vlm() as service:
        service.reader.failure = KiokuError(Reason.MODEL_UNAVAILABLE)
        for number in range(3):
            await service.upload("ann", notice({**FAIR, "title": f"Fair {number}"}))

        async def tried() -> bool:
            return len(service.reader.calls) >= 3

        await until(tried)
        assert ["PENDING"] * 3 == [row["state"] for row in await db.observations("ann")]
        service.reader.failure = None
        rows = await db.until_read("ann", 3)
    assert [("READY", 1, 1)] * 3 == [
        (row["state"], row["version"], row["attempts"]) for row in rows
    ]


async def test_changed_bytes_are_not_read(db: Db, start_vlm: Any) -> None:
    """What lies in the bucket is not what was uploaded: a failure that says so."""
    async with start_vlm() as service:
        original = await service.stored("ann", notice(FAIR))
        await service.objects.put(original.object_key, notice(), "image/png")
        await service.tell(original)
        [row] = await db.until_read("ann")
    assert ("FAILED", "CHECKSUM_MISMATCH", 0) == (
        row["state"],
        row["reason"],
        len(service.reader.calls),
    )


async def test_a_death_in_the_middle_loses_and_doubles_nothing(db: Db, start_vlm: Any) -> None:
    """A claim whose process is gone lapses, and another process reads: one version, one event."""
    async with start_vlm() as service:
        service.reader.gate.clear()
        await service.upload("ann", notice(FAIR))

        async def reading() -> bool:
            return len(service.reader.calls) == 1

        await until(reading)
        # As if the process had been killed: nobody renews, and its token is nobody's.
        await db.owner.execute(
            "UPDATE vlm.vlm_observations SET claim = gen_random_uuid(),"
            " try_after = clock_timestamp() - interval '1 second'"
        )
        service.reader.gate.set()
        [row] = await db.until_read("ann")
    assert 1 == row["version"]
    assert 1 == len(await db.ready())
    assert 1 == len(await db.entries("ann"))


async def test_nothing_is_stored_beside_what_is_told(db: Db, start_vlm: Any) -> None:
    """Where the event cannot be written, the reading is not there either; later both are."""
    await db.owner.execute(
        "CREATE FUNCTION vlm.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$"
    )
    await db.owner.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON vlm.outbox FOR EACH ROW"
        " EXECUTE FUNCTION vlm.refuse()"
    )
    async with start_vlm() as service:
        await service.upload("ann", notice(FAIR))

        async def tried() -> bool:
            return len(service.reader.calls) >= 1

        await until(tried)
        assert [] == await db.entries("ann")
        await db.owner.execute("DROP TRIGGER refuse ON vlm.outbox")
        [row] = await db.until_read("ann")
    assert 1 == row["version"]
    assert (1, 1) == (len(await db.entries("ann")), len(await db.ready()))
