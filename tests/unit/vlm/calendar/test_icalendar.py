"""iCalendar objects, read back by two parsers that did not write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from icalendar import Calendar
from kioku_vlm.calendar.icalendar import MOST_ITEMS, calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner, Omission, uid_of
from kioku_vlm.schedule_facts import ClockRole, Kind

from tests.unit.vlm.calendar.announced import (
    CHANGED,
    entry,
    item,
    lines,
    local,
    parsed,
    said,
    written,
)

NEW_YORK = ZoneInfo("America/New_York")


def test_a_timed_event_names_its_zone_and_defines_it() -> None:
    """Every property, as written and as another parser reads it."""
    one = entry(
        "2026-03-13T19:00",
        "2026-03-13T22:00",
        title=said("JAZZ NIGHT; live, loud"),
        zone="America/New_York",
        place=said("The Old Mill Hall"),
        address=said("12 Mill Lane"),
        clocks={ClockRole.DOORS: said("2026-03-13T18:30")},
        notes=(said("Tickets: $10"),),
    )
    text = written(one, sequence=3, picture="https://kioku.example/a/1?x=2")
    found = lines(text)
    for line in (
        "SUMMARY:JAZZ NIGHT\\; live\\, loud",
        "DTSTART;TZID=America/New_York:20260313T190000",
        "DTEND;TZID=America/New_York:20260313T220000",
        "TZID:America/New_York",
        "LOCATION:The Old Mill Hall\\, 12 Mill Lane",
        "DESCRIPTION:Doors: 18:30\\nTickets: $10",
        "UID:o1.e1@kioku",
        "SEQUENCE:3",
        "DTSTAMP:20260501T093000Z",
        "LAST-MODIFIED:20260501T093000Z",
        "CATEGORIES:EVENT",
        "X-KIOKU-KIND:EVENT",
        "X-KIOKU-CONFIDENCE:0.90",
        "STATUS:CONFIRMED",
        "ATTACH:https://kioku.example/a/1?x=2",
    ):
        assert line in found
    assert not [line for line in found if line.startswith(("METHOD", "TRANSP"))]
    event = parsed(text.encode()).events[0]
    assert datetime(2026, 3, 13, 23, tzinfo=UTC) == event.dtstart
    assert datetime(2026, 3, 14, 2, tzinfo=UTC) == event.dtend
    assert "JAZZ NIGHT; live, loud" == event.summary


def test_days_end_on_the_day_after() -> None:
    """修学旅行 of two days; one day has its end as well."""
    trip = lines(written(entry("2026-06-19", "2026-06-20", zone="Asia/Tokyo")))
    assert "DTSTART;VALUE=DATE:20260619" in trip
    assert "DTEND;VALUE=DATE:20260621" in trip
    assert "BEGIN:VTIMEZONE" not in trip
    event = parsed(written(entry("2026-05-30")).encode()).events[0]
    assert (date(2026, 5, 30), date(2026, 5, 31)) == (event.dtstart, event.dtend)


@pytest.mark.parametrize("zone", ["", "Mars/Phobos", "../../etc/passwd", "Asia"])
def test_without_a_zone_times_float(zone: str) -> None:
    """Never UTC, and never a zone that there is not."""
    found = lines(written(entry("2026-05-30T10:00", "2026-05-30T12:00", zone=zone)))
    assert "DTSTART:20260530T100000" in found
    assert "DTEND:20260530T120000" in found
    assert "BEGIN:VTIMEZONE" not in found
    asked = lines(written(entry("2026-05-30T10:00", zone=zone), CalendarManner(zone="Asia/Tokyo")))
    assert "DTSTART;TZID=Asia/Tokyo:20260530T100000" in asked


def test_utc_is_written_where_it_was_named() -> None:
    """With a Z and no VTIMEZONE."""
    found = lines(written(entry("2026-05-30T10:00", zone="UTC")))
    assert "DTSTART:20260530T100000Z" in found
    assert "BEGIN:VTIMEZONE" not in found


def test_a_deadline_is_a_moment_that_keeps_nobody_busy() -> None:
    """A VEVENT, or a VTODO for those who ask."""
    due = entry("2026-05-29T17:00", kind=Kind.DEADLINE, zone="Asia/Tokyo")
    found = lines(written(due))
    assert {"BEGIN:VEVENT", "TRANSP:TRANSPARENT", "X-KIOKU-KIND:DEADLINE"} <= set(found)
    assert not [line for line in found if line.startswith("DTEND")]
    todos = CalendarManner(deadlines_as_todos=True)
    todo = parsed(written(due, todos).encode()).todos[0]
    assert datetime(2026, 5, 29, 8, tzinfo=UTC) == todo.due
    day = parsed(written(entry("2026-05-29", kind=Kind.DEADLINE), todos).encode()).todos[0]
    assert date(2026, 5, 29) == day.due
    weekly = entry("2026-05-29", kind=Kind.DEADLINE, rrule=said("FREQ=WEEKLY"))
    assert "BEGIN:VEVENT" in lines(written(weekly, todos))


def test_status_tells_what_is_sure() -> None:
    """Below the limit tentative; cancelled whatever else; what is no status of a VTODO never."""
    doubtful = entry("2026-05-30", confidence=0.4)
    assert "STATUS:TENTATIVE" in lines(written(doubtful))
    assert "STATUS:CONFIRMED" in lines(written(doubtful, CalendarManner(tentative_below=0.4)))
    assert "STATUS:CANCELLED" in lines(written(doubtful, cancelled=True))
    todos = CalendarManner(deadlines_as_todos=True)
    due = entry("2026-05-30", kind=Kind.DEADLINE, confidence=0.1)
    assert "STATUS:NEEDS-ACTION" in lines(written(due, todos))


def test_an_ambiguous_day_tells_the_other_ones() -> None:
    """In words for people, in flags for programs."""
    start = said("2026-04-03", "03/04")
    doubtful = replace(start, alternatives=("2026-03-04",), flags=("AMBIGUOUS_DATE",))
    text = written(replace(entry(None), start=doubtful))
    assert "DESCRIPTION:Please check: 03/04 (2026-03-04?)" in lines(text)
    assert "X-KIOKU-FLAGS:AMBIGUOUS_DATE" in lines(text)
    sure = replace(entry(None), start=replace(doubtful, flags=()))
    assert "Please check" not in written(sure)
    assert "Please check: 03/04 (2026-03-04?)" in written(replace(sure, confidence=0.5))
    japanese = written(replace(entry(None), start=doubtful), CalendarManner(language="ja-JP"))
    assert "DESCRIPTION:ご確認ください: 03/04 (2026-03-04?)" in lines(japanese)


def test_a_weekly_class_keeps_its_hour_when_clocks_change() -> None:
    """10:00 in New York on both sides of 1 November 2026, but for the day that is left out."""
    one = entry(
        "2026-10-20T10:00",
        "2026-10-20T11:00",
        zone="America/New_York",
        rrule=said("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261118", "every Wednesday"),
        exdates=(said("2026-11-11"),),
    )
    data = calendar_of([item(one)], CalendarManner()).data
    found = recurring_ical_events.of(Calendar.from_ical(data)).between((2026, 1, 1), (2027, 1, 1))
    starts = [event["DTSTART"].dt for event in found]
    expected = [(10, 21, -4), (10, 28, -4), (11, 4, -5), (11, 18, -5)]
    assert expected == [(s.month, s.day, s.utcoffset() / timedelta(hours=1)) for s in starts]
    assert {10} == {start.hour for start in starts}
    timeline = parsed(data).timeline_tz(NEW_YORK)
    assert starts == [event.dtstart for event in timeline]
    assert "DESCRIPTION:Repeats: every Wednesday" in lines(data.decode())


def test_a_rule_that_cannot_be_followed_is_told_and_not_written() -> None:
    """The first day is there, the words say the rest."""
    one = entry("2026-06-13T25:30", rrule=said("FREQ=MONTHLY;BYDAY=2SA", "第2土曜深夜"))
    found = lines(written(one))
    assert "DTSTART:20260614T013000" in found
    assert "X-KIOKU-FLAGS:RRULE_NOT_EXPORTED" in found
    assert "DESCRIPTION:Repeats: 第2土曜深夜" in found
    assert not [line for line in found if line.startswith("RRULE")]


def test_a_feed_asks_for_refreshing_and_tells_what_is_gone() -> None:
    """Many entries, one VTIMEZONE for each zone, no method."""
    items = [
        item(entry("2026-05-30T10:00", zone="Asia/Tokyo"), "a@kioku"),
        item(entry("2026-05-31T10:00", zone="Asia/Tokyo"), "b@kioku", cancelled=True, sequence=1),
        item(entry("2026-05-31T10:00", zone="Europe/London"), "c@kioku"),
    ]
    manner = CalendarManner(name="Kioku\r\nMETHOD:REQUEST", refresh=timedelta(hours=6))
    data = calendar_of(items, manner).data
    found = lines(data.decode())
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H" in found
    assert "X-PUBLISHED-TTL;VALUE=DURATION:PT6H" in found
    assert "NAME:Kioku METHOD:REQUEST" in found
    assert 2 == found.count("BEGIN:VTIMEZONE")
    states = {event.uid: event.status for event in parsed(data).events}
    assert {"a@kioku": "CONFIRMED", "b@kioku": "CANCELLED", "c@kioku": "CONFIRMED"} == states
    assert data == calendar_of(items, manner).data


def test_what_cannot_be_placed_is_left_out_and_named() -> None:
    """Without a day, with a uid that came before, or too many."""
    items = [item(entry(None), "a@k"), item(entry("2026-05-30"), "b@k")]
    items += [item(entry("2026-05-30"), "b@k")]
    made = calendar_of(items, CalendarManner())
    assert (("a@k", Omission.NO_DAY), ("b@k", Omission.REPEATED)) == made.left_out
    assert ["b@k"] == [event.uid for event in parsed(made.data).events]
    empty = calendar_of([], CalendarManner())
    assert [] == parsed(empty.data).events
    same = entry("2026-05-30")
    many = calendar_of([item(same, f"{n}@k") for n in range(MOST_ITEMS + 1)], CalendarManner())
    assert ((f"{MOST_ITEMS}@k", Omission.TOO_MANY),) == many.left_out
    assert MOST_ITEMS == many.data.count(b"BEGIN:VEVENT")


@pytest.mark.parametrize(
    "fields",
    [
        {"uid": "a\r\nX:1"},
        {"uid": ""},
        {"picture": "javascript:alert(1)"},
        {"picture": "https://x/\r\nX:1"},
        {"sequence": -1},
        {"changed": local("2026-05-01")},
    ],
)
def test_what_the_caller_gives_is_checked(fields: dict[str, object]) -> None:
    """A bug of the caller, so that it is an exception."""
    whole: dict[str, object] = {"uid": "a@k", "entry": entry("2026-05-30"), "changed": CHANGED}
    with pytest.raises(ValueError, match=r"uid|link|sequence|zone"):
        CalendarItem(**(whole | fields))  # type: ignore[arg-type]
    assert "o1.0123@kioku" == uid_of("o1", "0123")
