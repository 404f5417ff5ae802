"""Calendars of the service: each event once, under an id that lasts, cancelled when dismissed."""

from __future__ import annotations

from typing import Any

from icalendar import Calendar
from kioku.vlm.v1 import schedule_service_pb2 as messages

from tests.integration.vlm.rig import Db, notice
from tests.integration.vlm.test_corrections import Text, update

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}
SALE = {"title": "Bake sale", "start": "2026-06-09"}


async def events_of(schedules: Any, **wanted: Any) -> list[Any]:
    """The events of a calendar."""
    answer = await schedules.ExportCalendar(messages.ExportCalendarRequest(**wanted))
    assert "text/calendar; charset=utf-8" == answer.calendar.content_type
    return list(Calendar.from_ical(answer.calendar.data).walk("VEVENT"))


async def test_a_feed_holds_each_event_once_and_keeps_its_ids(db: Db, start_vlm: Any) -> None:
    """Two pictures of one event; corrections count up the sequence; the id stays."""
    async with start_vlm() as service:
        await service.upload("ann", notice(FAIR, SALE))
        await db.until_read("ann")
        await service.upload("ann", notice(FAIR, shade=90))
        await db.until_read("ann", 2)
        schedules = service.schedules("ann")
        before = await events_of(schedules, zone="Asia/Tokyo")
        assert ["Summer fair", "Bake sale"] == [str(one["SUMMARY"]) for one in before]
        assert "Asia/Tokyo" == before[0]["DTSTART"].params["TZID"]
        entries = (await schedules.ListEntries(messages.ListEntriesRequest())).entries
        await schedules.UpdateEntry(update(entries[0], title=Text(value="Fair")))
        await schedules.UpdateEntry(update(entries[1], dismissed=True))
        after = await events_of(schedules)
    assert [one["UID"] for one in before] == [one["UID"] for one in after]
    assert after[0]["SEQUENCE"] > before[0]["SEQUENCE"]
    assert ("Fair", "CANCELLED") == (str(after[0]["SUMMARY"]), str(after[1]["STATUS"]))


async def test_a_calendar_of_one_observation(db: Db, start_vlm: Any) -> None:
    """Only its own; without a zone its times are floating."""
    async with start_vlm() as service:
        await service.upload("ann", notice(FAIR))
        await service.upload("ann", notice(SALE))
        rows = await db.until_read("ann", 2)
        found = [
            await events_of(service.schedules("ann"), observation_id=str(row["observation_id"]))
            for row in rows
        ]
    assert {"Summer fair", "Bake sale"} == {str(one["SUMMARY"]) for [one] in found}
    assert "TZID" not in found[0][0]["DTSTART"].params
