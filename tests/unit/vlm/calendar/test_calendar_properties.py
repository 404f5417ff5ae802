"""Drawn entries, written and read back by two other parsers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarManner
from kioku_vlm.schedule_facts import Entry

from tests.unit.vlm.calendar.announced import entry, item, local, parsed, said

ZONES = ["", "Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC"]
_MOMENTS = st.datetimes(local("2020-01-01"), local("2035-01-01")).map(
    lambda at: at.replace(second=0, microsecond=0)
)
_WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=40)


@st.composite
def timed(draw: st.DrawFn) -> Entry:
    """An entry with times, in a zone or none."""
    start = draw(_MOMENTS)
    end = start + timedelta(minutes=draw(st.integers(1, 2000)))
    return entry(
        start.isoformat(timespec="minutes"),
        end.isoformat(timespec="minutes"),
        zone=draw(st.sampled_from(ZONES)),
        title=said(draw(_WORDS)),
        place=said(draw(_WORDS)),
    )


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(timed())
def test_local_times_zone_and_words_come_back(one: Entry) -> None:
    """As the other parser's, to the minute."""
    assert one.start is not None
    assert one.title is not None
    data = calendar_of([item(one)], CalendarManner()).data
    event = parsed(data).events[0]
    assert one.start.value == f"{event.dtstart:%Y-%m-%dT%H:%M}"
    assert one.title.value == event.summary
    tzinfo = event.dtstart.tzinfo if isinstance(event.dtstart, datetime) else None
    assert one.zone == ("" if tzinfo is None else str(tzinfo))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    start=_MOMENTS,
    zone=st.sampled_from(ZONES[1:]),
    every=st.integers(1, 4),
    weeks=st.integers(0, 30),
    without=st.integers(0, 10),
)
def test_weekly_entries_happen_when_they_were_told(
    start: datetime, zone: str, every: int, weeks: int, without: int
) -> None:
    """Every n-th week at the same local time to the last day, but for the one that is left out."""
    last = start.date() + timedelta(weeks=weeks)
    out = start + timedelta(weeks=every * without)
    one = entry(
        start.isoformat(timespec="minutes"),
        zone=zone,
        rrule=said(f"FREQ=WEEKLY;INTERVAL={every};UNTIL={last:%Y%m%d}"),
        exdates=(said(out.date().isoformat()),),
    )
    data = calendar_of([item(one)], CalendarManner()).data
    expected = [start + timedelta(weeks=n) for n in range(0, weeks + 1, every)]
    expected = [at for at in expected if at != out]
    read = recurring_ical_events.of(Calendar.from_ical(data))
    found = [event["DTSTART"].dt for event in read.between(date(2019, 1, 1), date(2037, 1, 1))]
    assert expected == [at.replace(tzinfo=None) for at in found]
    assert {zone} >= {str(at.tzinfo) for at in found}
    zoned = [at.replace(tzinfo=ZoneInfo(zone)) for at in expected]
    assert zoned == [event.dtstart for event in parsed(data).timeline_tz(ZoneInfo(zone))]


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 400))
def test_days_come_back_exclusive(first: date, more: int) -> None:
    """The end is the day after the last one."""
    last = first + timedelta(days=more)
    data = calendar_of([item(entry(str(first), str(last)))], CalendarManner()).data
    event = parsed(data).events[0]
    assert (first, last + timedelta(days=1)) == (event.dtstart, event.dtend)
