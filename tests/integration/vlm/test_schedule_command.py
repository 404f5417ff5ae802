"""`kioku schedule` and the service itself: what the command asks is what the service answers."""

from __future__ import annotations

import uuid
from typing import Any

from icalendar import Calendar
from kioku_cli.schedule.asking import announcements
from kioku_cli.schedule.calendar import exported
from kioku_cli.schedule.evidence import page
from kioku_cli.schedule.showing import document
from kioku_cli.schedule.source import Source, Wish

from tests.integration.vlm.rig import Db, NoticeReader, notice

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}
SALE = {"title": "Bake sale", "start": "2026-06-09", "kind": "DEADLINE"}


class _Session:
    """The part of a session that the command uses."""

    def __init__(self, schedules: Any) -> None:
        self.schedules = schedules


async def test_files_and_assets_become_one_calendar(db: Db, start_vlm: Any) -> None:
    """A file goes along, an asset is named; entries, calendar, page and document agree."""
    async with start_vlm() as service:
        asset_id: uuid.UUID = await service.upload("ann", notice(SALE))
        await db.until_read("ann")
        session: Any = _Session(service.schedules("ann"))
        sources = [Source("fair.png", notice(FAIR, shade=90)), Source(str(asset_id))]
        found = await announcements(session, sources, Wish("Asia/Tokyo", "ja", 30))
        data = await exported(session, found, "Asia/Tokyo")
    assert ["ready", "ready"] == [one.status for one in found]
    assert [["Summer fair"], ["Bake sale"]] == [
        [entry.title.value for entry in one.entries] for one in found
    ]
    events = {str(event["SUMMARY"]): event for event in Calendar.from_ical(data).events}
    assert {"Summer fair", "Bake sale"} == set(events)
    assert "Asia/Tokyo" == events["Summer fair"]["DTSTART"].params["TZID"]
    assert "DEADLINE" == str(events["Bake sale"]["X-KIOKU-KIND"])
    assert "left:10.00%;top:20.00%;width:50.00%;height:5.00%" in page(found[0])
    shown = document(found)["schedules"][0]["events"][0]
    assert ("School hall", "Asia/Tokyo") == (shown["place"]["value"], shown["zone"])


async def test_a_slow_reading_is_waited_for(db: Db, start_vlm: Any) -> None:
    """Pending while the reader works, read when it is done: the same observation."""
    reader = NoticeReader()
    reader.gate.clear()
    async with start_vlm(reader=reader) as service:
        session: Any = _Session(service.schedules("ann"))
        sources = [Source("fair.png", notice(FAIR))]
        [pending] = await announcements(session, sources, Wish(wait=0))
        assert "observation-pending" == pending.status
        assert b"BEGIN:VEVENT" not in await exported(session, [pending], "")
        reader.gate.set()
        [found] = await announcements(session, sources, Wish(wait=30))
    assert ("ready", pending.observation_id) == (found.status, found.observation_id)
    assert ["Summer fair"] == [entry.title.value for entry in found.entries]
    assert [str(row["observation_id"]) for row in await db.observations("ann")] == [
        found.observation_id
    ]
