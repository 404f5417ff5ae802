"""Lists: pages, filters, each event once whatever pictures show it; links to documents."""

from __future__ import annotations

from typing import Any

import pytest
from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages

from tests.integration.vlm.rig import Db, notice, until
from tests.integration.vlm.test_asking import refused
from tests.integration.vlm.test_corrections import update

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}
Text = observation_pb2.FieldValue
EVERYTHING = messages.ListEntriesRequest()


async def test_an_event_of_two_pictures_comes_once(db: Db, start_vlm: Any) -> None:
    """Another shade, words a little other: one event; another time, place or owner: another."""
    async with start_vlm() as service:
        first = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        await service.upload("ann", notice({**FAIR, "title": "Summer fair!"}, shade=90))
        for number, change in enumerate(
            ({"start": "2026-05-30T18:00"}, {"place": "Town library"}, {"kind": "DEADLINE"})
        ):
            await service.upload("ann", notice({**FAIR, **change}, shade=10 + number))
        await service.upload("ben", notice(FAIR))
        await db.until_read("ann", 5)
        await db.until_read("ben")
        schedules = service.schedules("ann")
        entries = (await schedules.ListEntries(EVERYTHING)).entries
        assert 4 == len(entries)
        assert {"Summer fair"} == {one.title.value for one in entries}
        [oldest] = (
            await schedules.ListObservations(messages.ListObservationsRequest(asset_id=str(first)))
        ).observations
        merged = await db.owner.fetch(
            "SELECT group_id, count(*) AS readings FROM vlm.vlm_detection_entities"
            " WHERE owner = 'ann' AND group_id IS NOT NULL GROUP BY group_id"
        )
        assert [1, 1, 1, 2] == sorted(row["readings"] for row in merged)
        assert oldest.entries[0].merged_into == ""
        # Its first picture goes: the event stays, by the other one, under the same id in calendars.
        before = {row["group_id"] for row in merged}
        await service.delete("ann", first)

        async def gone() -> bool:
            return len(await db.observations("ann")) == 4

        await until(gone)
        assert 4 == len((await schedules.ListEntries(EVERYTHING)).entries)
    left = await db.owner.fetch(
        "SELECT DISTINCT group_id FROM vlm.vlm_detection_entities"
        " WHERE owner = 'ann' AND group_id IS NOT NULL"
    )
    assert before == {row["group_id"] for row in left}


async def test_a_dismissed_event_does_not_come_back_by_another_picture(
    db: Db, start_vlm: Any
) -> None:
    """It was dismissed as an event, not as a reading."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        [known] = (await schedules.ListEntries(EVERYTHING)).entries
        await schedules.UpdateEntry(update(known, dismissed=True))
        await service.upload("ann", notice(FAIR, shade=90))
        await db.until_read("ann", 2)
        assert 0 == len((await schedules.ListEntries(EVERYTHING)).entries)
        # Restored by its other reading, it is there once.
        [_, other] = await db.entries("ann")
        await schedules.RestoreEntry(
            messages.RestoreEntryRequest(
                observation_id=str(other["observation_id"]), entry_id=str(other["entity_id"])
            )
        )
        assert 1 == len((await schedules.ListEntries(EVERYTHING)).entries)


async def test_almost_the_same_picture_is_linked(db: Db, start_vlm: Any) -> None:
    """By a hash that differs in few bits: those of 200 and of 201 do."""
    async with start_vlm() as service:
        for shade in (200, 201):
            await service.upload("ann", notice({**FAIR, "title": f"Fair {shade}"}, shade=shade))
            await db.until_read("ann", shade - 199)
        first, second = await db.observations("ann")
    assert (None, first["observation_id"]) == (first["near_of"], second["near_of"])


async def test_entries_come_by_day_in_pages(db: Db, start_vlm: Any) -> None:
    """No gap and none twice; without a day last; filters by day, kind and recurrence."""
    told = [
        {"title": "C", "start": "2026-06-03"},
        {"title": "A", "start": "2026-06-01T09:00"},
        {"title": "D"},
        {"title": "B", "start": "2026-06-02", "kind": "CLOSED"},
        {"title": "W", "start": "2026-01-05", "rrule": "FREQ=WEEKLY;BYDAY=MO"},
        {"title": "L", "start": "2026-05-30", "end": "2026-06-02"},
    ]
    async with start_vlm() as service:
        await service.upload("ann", notice(*told))
        await db.until_read("ann")
        schedules = service.schedules("ann")
        shown, token = [], ""
        while True:
            page = await schedules.ListEntries(
                messages.ListEntriesRequest(page_size=2, page_token=token)
            )
            assert len(page.entries) <= 2
            shown += [one.title.value for one in page.entries]
            token = page.next_page_token
            if not token:
                break
        assert ["W", "L", "A", "B", "C", "D"] == shown

        async def titles(**wanted: Any) -> str:
            found = await schedules.ListEntries(messages.ListEntriesRequest(**wanted))
            return "".join(one.title.value for one in found.entries)

        assert "WLAB" == await titles(first_day="2026-06-01", last_day="2026-06-02")
        assert "B" == await titles(kinds=[observation_pb2.ENTRY_KIND_CLOSED])
        for wrong in ({"first_day": "soon"}, {"first_day": "2026-06-02", "last_day": "2026-06-01"}):
            assert await refused(schedules.ListEntries(messages.ListEntriesRequest(**wrong))) in (
                "FIELD_INVALID",
                "TIME_OUT_OF_RANGE",
            )
        stolen = messages.ListEntriesRequest(
            page_token=(await schedules.ListEntries(messages.ListEntriesRequest(page_size=1)))
            .next_page_token
        )  # fmt: skip
        assert "PAGE_TOKEN_INVALID" == await refused(service.schedules("ben").ListEntries(stolen))


async def test_observations_come_newest_first(db: Db, start_vlm: Any) -> None:
    """In pages, by state and by asset."""
    async with start_vlm() as service:
        assets = []
        for number in range(3):
            data = notice({**FAIR, "title": f"Fair {number}"}) if number else b"no picture"
            assets.append(await service.upload("ann", data))
            await db.until_read("ann", number + 1)
        schedules = service.schedules("ann")
        request = messages.ListObservationsRequest(page_size=2)
        first = await schedules.ListObservations(request)
        rest = await schedules.ListObservations(
            messages.ListObservationsRequest(page_size=2, page_token=first.next_page_token)
        )
        failed = await schedules.ListObservations(
            messages.ListObservationsRequest(state=observation_pb2.OBSERVATION_STATE_FAILED)
        )
    listed = [*first.observations, *rest.observations]
    assert [str(one) for one in reversed(assets)] == [one.asset_ids[0] for one in listed]
    assert "" == rest.next_page_token
    assert [str(assets[0])] == [one.asset_ids[0] for one in failed.observations]
    assert "IMAGE_UNSUPPORTED_FORMAT" == failed.observations[0].failure.reason


async def test_links_lead_to_the_documents_of_the_app(db: Db, start_vlm: Any) -> None:
    """The same link is one; found from both ends; removed by itself or with the observation."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        [known] = (await schedules.ListEntries(EVERYTHING)).entries
        of = {"observation_id": known.observation_id}
        path = "families/f1/events/e9"
        entry_link = messages.LinkObservationRequest(
            **of, entry_id=known.entry_id, document_path=path
        )
        one, same = [(await schedules.LinkObservation(entry_link)).link for _ in range(2)]
        assert (one.link_id, "ann", path) == (same.link_id, one.actor, one.document_path)
        await schedules.LinkObservation(messages.LinkObservationRequest(**of, document_path=path))
        by_document = await schedules.ListLinks(messages.ListLinksRequest(document_path=path))
        assert [known.entry_id, ""] == [link.entry_id for link in by_document.links]
        unlink = messages.UnlinkObservationRequest(**of, link_id=one.link_id)
        for _ in range(2):
            await schedules.UnlinkObservation(unlink)
        assert 1 == len((await schedules.ListLinks(messages.ListLinksRequest(**of))).links)
        await service.delete("ann", asset_id)

        async def gone() -> bool:
            return not await db.observations("ann")

        await until(gone)
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM vlm.vlm_links")


@pytest.mark.parametrize(
    "path", ["", "a", "a/b/c", "a//b", "/a/b/", "a/..", "a/__x__", "a/b\n", "a/" + "x" * 1499]
)
async def test_paths_of_no_document_are_refused(db: Db, start_vlm: Any, path: str) -> None:
    """By their form."""
    async with start_vlm() as service:
        await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
        request = messages.LinkObservationRequest(
            observation_id=str(row["observation_id"]), document_path=path
        )
        assert "FIELD_INVALID" == await refused(service.schedules("ann").LinkObservation(request))
