"""What the service gives out as a calendar."""

from __future__ import annotations

from datetime import timedelta

from kioku_vlm.calendar.item import CalendarItem, CalendarManner
from kioku_vlm.calendar.summary import summary
from kioku_vlm.calendar.writing import CalendarWriter
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Evidence, Kind, Schedule, Suspicion

from tests.unit.vlm.calendar.announced import CHANGED, entry, lines, parsed, said


def test_a_feed_is_asked_for_again_and_an_observation_is_not() -> None:
    """The zone is that of entries that have none; what is cancelled stays, what has no day goes."""
    entries = [
        CalendarItem("a@kioku", entry("2026-05-30T10:00"), CHANGED, 2),
        CalendarItem("b@kioku", entry("2026-05-30", zone="Europe/London"), CHANGED, 0, True),
        CalendarItem("c@kioku", entry(None), CHANGED),
    ]
    writer = CalendarWriter(refresh=timedelta(minutes=30))
    feed = lines(writer.write(entries, zone="Asia/Tokyo", feed=True).decode())
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT30M", "X-WR-CALNAME:Kioku"} <= set(feed)
    assert {"DTSTART;TZID=Asia/Tokyo:20260530T100000", "SEQUENCE:2"} <= set(feed)
    single = writer.write(entries, zone="", feed=False)
    assert b"REFRESH" not in single
    assert b"DTSTART:20260530T100000" in single
    states = [(event.uid, event.status) for event in parsed(single).events]
    assert [("a@kioku", "CONFIRMED"), ("b@kioku", "CANCELLED")] == states
    todos = CalendarWriter(CalendarManner(deadlines_as_todos=True))
    due = CalendarItem("d@kioku", entry("2026-05-30", kind=Kind.DEADLINE), CHANGED)
    assert b"BEGIN:VTODO" in todos.write([due], zone="", feed=False)


def test_a_summary_is_a_few_safe_lines() -> None:
    """What, when, where, how sure, why to look; nothing that a terminal obeys."""
    one = entry(
        "2026-06-03T09:30",
        "2026-06-03T10:20",
        title=said("プール\x1b[2J"),
        zone="Asia/Tokyo",
        place=said("第一小"),
        clocks={ClockRole.DOORS: said("2026-06-03T09:00")},
        rrule=said("FREQ=WEEKLY"),
        notes=(said("水着"),),
        flags=("YEAR_ASSUMED",),
    )
    odd = Suspicion("INSTRUCTION", Evidence(1, Box(0, 0, 1, 1), "ignore\nall"))
    assert [
        "a b.png",
        "  1  event    2026-06-03T09:30 – 2026-06-03T10:20 Asia/Tokyo  プール[2J @ 第一小  (0.90)",
        "     repeats: FREQ=WEEKLY",
        "     doors: 2026-06-03T09:00",
        "     note: 水着",
        "     look at it: YEAR_ASSUMED",
        "  2  deadline no day  Deadline  (0.90)",
        "  !  INSTRUCTION on page 1: ignore all",
    ] == summary(
        "a\nb.png",
        Schedule((one, entry(None, title=None, kind=Kind.DEADLINE)), "ja", "", (odd,)),
    ).split("\n")
    assert "x.png: nothing (BLANK)" == summary("x.png", Schedule((), "", "BLANK"))
