"""What a person says of an entry holds, can be seen for what it is, and can be taken back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages

from tests.integration.vlm.rig import Db, notice, until
from tests.integration.vlm.test_asking import refused

FAIR = {
    "title": "Sumer fair",
    "start": "2026-05-30T10:00",
    "place": "School hall",
    "notes": ["Bring a bag"],
}
Text = observation_pb2.FieldValue


async def read(service: Any, db: Db, *told: dict[str, Any]) -> tuple[uuid.UUID, Any]:
    """An asset that was read, and the entry's message."""
    asset_id = await service.upload("ann", notice(*(told or (FAIR,))))
    await db.until_read("ann")
    page = await service.schedules("ann").ListEntries(messages.ListEntriesRequest())
    return asset_id, page.entries[0]


def update(known: Any, mask: list[str] | None = None, **fields: Any) -> Any:
    """A request that changes the entry."""
    entry = observation_pb2.Entry(
        observation_id=known.observation_id, entry_id=known.entry_id, **fields
    )
    return messages.UpdateEntryRequest(entry=entry, update_mask=FieldMask(paths=mask or []))


async def read_again(service: Any, db: Db, asset_id: uuid.UUID, version: int) -> None:
    """The same asset, by the engine of now."""
    request = messages.ReanalyseAssetRequest(asset_id=str(asset_id))
    answer = await service.schedules("ann").ReanalyseAsset(request)
    states = observation_pb2.OBSERVATION_STATE_PENDING, observation_pb2.OBSERVATION_STATE_READY
    assert answer.observation.state in states  # it may have been read by now

    async def done() -> bool:
        [row] = await db.observations("ann")
        return (row["state"], row["version"]) == ("READY", version)

    await until(done)


async def test_a_correction_shows_who_when_and_what_was_read(db: Db, start_vlm: Any) -> None:
    """The value holds with full confidence; the reading stands beside it with its evidence."""
    async with start_vlm() as service:
        _, known = await read(service, db)
        request = update(known, ["title", "end"], title=Text(value="Summer fair"))
        answer = await service.schedules("ann").UpdateEntry(request)
    title = answer.entry.title
    assert ("Summer fair", 1.0, "person") == (title.value, title.confidence, title.resolved_by)
    assert ("Summer fair", "ann", "Sumer fair") == (
        title.correction.value,
        title.correction.actor,
        title.correction.reading.value,
    )
    assert 1 == len(title.correction.reading.evidence)
    assert title.correction.correct_time.seconds > 0
    assert ("", False) == (
        answer.entry.end.value,
        answer.entry.end.correction.HasField("reading"),
    )
    assert known.version + 1 == answer.entry.version
    [stored] = await db.owner.fetch("SELECT * FROM vlm.vlm_corrections WHERE field = 'title'")
    assert '"value": "Sumer fair"' in stored["read_before"]
    [audited] = await db.audited("entry.correct")
    assert "Summer" not in audited["details"]


async def test_a_later_reading_overwrites_nothing(db: Db, start_vlm: Any) -> None:
    """Another model reads other words: what the person said holds, what they did not is new."""
    async with start_vlm() as service:
        asset_id, known = await read(service, db)
        schedules = service.schedules("ann")
        await schedules.UpdateEntry(
            update(known, title=Text(value="Summer fair"), kind=observation_pb2.ENTRY_KIND_NOTICE)
        )
        service.extractor.model_version = "notices@2"
        service.extractor.changes = {"title": "Simmer fair", "place": "Gym"}
        await read_again(service, db, asset_id, 2)
        [entry] = (await schedules.ListEntries(messages.ListEntriesRequest())).entries
        request = messages.GetObservationRequest(observation_id=known.observation_id)
        found = (await schedules.GetObservation(request)).observation
    assert (known.entry_id, "Summer fair", "Simmer fair", "Gym") == (
        entry.entry_id,
        entry.title.value,
        entry.title.correction.reading.value,
        entry.place.value,
    )
    assert observation_pb2.ENTRY_KIND_NOTICE == entry.kind
    superseded = observation_pb2.OBSERVATION_STATE_SUPERSEDED
    ready = observation_pb2.OBSERVATION_STATE_READY
    assert [(2, ready, "notices@2"), (1, superseded, "notices@1")] == [
        (one.version, one.state, one.model_version) for one in found.readings
    ]


async def test_what_a_person_touched_stays_though_nobody_reads_it(db: Db, start_vlm: Any) -> None:
    """It is flagged; what nobody touched goes with the reading that does not find it."""
    other = {"title": "Bake sale", "start": "2026-06-09"}
    async with start_vlm() as service:
        asset_id, known = await read(service, db, FAIR, other)
        schedules = service.schedules("ann")
        await schedules.UpdateEntry(update(known, title=Text(value="Summer fair")))
        service.extractor.changes = {"title": "Quite another thing", "start": "2027-01-02"}
        await read_again(service, db, asset_id, 2)
        page = await schedules.ListEntries(messages.ListEntriesRequest())
    assert [["NOT_READ_AGAIN"], [], []] == [list(one.flags) for one in page.entries]
    assert ["Summer fair", "Quite another thing", "Quite another thing"] == [
        one.title.value for one in page.entries
    ]


async def test_a_correction_can_be_taken_back(db: Db, start_vlm: Any) -> None:
    """Of some fields, or of all; what was read holds again, and the history stays."""
    async with start_vlm() as service:
        _, known = await read(service, db)
        schedules = service.schedules("ann")
        await schedules.UpdateEntry(
            update(known, title=Text(value="A"), notes=[Text(value="B"), Text(value="C")])
        )
        both = {"observation_id": known.observation_id, "entry_id": known.entry_id}
        one = await schedules.RestoreEntry(
            messages.RestoreEntryRequest(**both, restore_mask=FieldMask(paths=["title"]))
        )
        assert ("Sumer fair", ["B", "C"]) == (
            one.entry.title.value,
            [note.value for note in one.entry.notes],
        )
        rest = await schedules.RestoreEntry(messages.RestoreEntryRequest(**both))
        assert ["Bring a bag"] == [note.value for note in rest.entry.notes]
    assert not rest.entry.title.HasField("correction")
    ended = await db.owner.fetch("SELECT ended_by FROM vlm.vlm_corrections")
    assert ["ann", "ann"] == [row["ended_by"] for row in ended]


async def test_a_moved_day_moves_the_entry_in_lists(db: Db, start_vlm: Any) -> None:
    """Lists go by what holds; a dismissed entry is in none, and comes back when restored."""
    async with start_vlm() as service:
        _, known = await read(service, db)
        schedules = service.schedules("ann")
        await schedules.UpdateEntry(update(known, start=Text(value="2026-06-06")))

        async def on(day: str) -> int:
            request = messages.ListEntriesRequest(first_day=day, last_day=day)
            return len((await schedules.ListEntries(request)).entries)

        assert [0, 1] == [await on("2026-05-30"), await on("2026-06-06")]
        await schedules.UpdateEntry(update(known, dismissed=True))
        assert 0 == await on("2026-06-06")
        both = {"observation_id": known.observation_id, "entry_id": known.entry_id}
        await schedules.RestoreEntry(messages.RestoreEntryRequest(**both))
        assert 1 == await on("2026-05-30")


async def test_an_outdated_version_is_refused(db: Db, start_vlm: Any) -> None:
    """Optimistic locking: the second of two who read the same version is told."""
    async with start_vlm() as service:
        _, known = await read(service, db)
        schedules = service.schedules("ann")
        request = update(known, title=Text(value="A"), version=known.version)
        await schedules.UpdateEntry(request)
        assert "VERSION_OUTDATED" == await refused(schedules.UpdateEntry(request))


@pytest.mark.parametrize(
    ("mask", "fields"),
    [
        (["owner"], {}),
        (["kind"], {}),
        (["start"], {}),
        (["start"], {"start": Text(value="tomorrow")}),
        (["start"], {"start": Text(value="2026-02-30")}),
        (["end"], {"end": Text(value="2026-05-30T10:00Z")}),
        (["zone"], {"zone": "Mars/Olympus"}),
        (["zone"], {"zone": "../etc/passwd"}),
        (["rrule"], {"rrule": Text(value="FREQ=SOMETIMES")}),
        (["rrule"], {"rrule": Text(value="FREQ=DAILY\nX:Y")}),
        (["title"], {"title": Text(value="x" * 501)}),
        (["title"], {"title": Text(value="bell\x07")}),
        (["notes"], {"notes": [Text(value="n")] * 21}),
    ],
)
async def test_values_out_of_range_are_refused(
    db: Db, start_vlm: Any, mask: list[str], fields: dict[str, Any]
) -> None:
    """And nothing is changed."""
    async with start_vlm() as service:
        _, known = await read(service, db)
        schedules = service.schedules("ann")
        assert "FIELD_INVALID" == await refused(
            schedules.UpdateEntry(update(known, mask, **fields))
        )
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM vlm.vlm_corrections")
