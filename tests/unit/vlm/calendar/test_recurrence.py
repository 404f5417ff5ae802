"""Recurrences: checked, anchored, ended and interrupted as RFC 5545 wants it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from kioku_vlm.calendar.recurrence import Recurrence, recurrence_of
from kioku_vlm.calendar.rule_days import first_day
from kioku_vlm.calendar.span import Span, span_of

from tests.unit.vlm.calendar.announced import entry, local, said

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")


def _of(
    rule: str, start: str, zone: ZoneInfo | None = TOKYO, without: tuple[str, ...] = ()
) -> Recurrence | None:
    span = span_of(entry(start))
    assert span is not None
    return recurrence_of(rule, [said(day) for day in without], span, zone)


@pytest.mark.parametrize(
    ("rule", "start", "zone", "written"),
    [
        ("FREQ=WEEKLY;BYDAY=WE", "2026-05-13", TOKYO, "FREQ=WEEKLY;BYDAY=WE"),
        ("rrule:freq=weekly;byday=we", "2026-05-13", TOKYO, "FREQ=WEEKLY;BYDAY=WE"),
        (
            "FREQ=MONTHLY;BYDAY=2SA,4SA;UNTIL=20260930T145959Z",
            "2026-04-11T10:00",
            TOKYO,
            "FREQ=MONTHLY;UNTIL=20260930T145959Z;BYDAY=2SA,4SA",
        ),
        (
            "FREQ=WEEKLY;UNTIL=20260930",
            "2026-04-11T10:00",
            TOKYO,
            "FREQ=WEEKLY;UNTIL=20260930T145959Z",
        ),
        (
            "FREQ=WEEKLY;UNTIL=20260930T120000",
            "2026-04-11T10:00",
            NEW_YORK,
            "FREQ=WEEKLY;UNTIL=20260930T160000Z",
        ),
        (
            "FREQ=WEEKLY;UNTIL=20260930",
            "2026-04-11T10:00",
            None,
            "FREQ=WEEKLY;UNTIL=20260930T235959",
        ),
        ("FREQ=WEEKLY;UNTIL=20260930T235959", "2026-04-11", TOKYO, "FREQ=WEEKLY;UNTIL=20260930"),
        ("FREQ=WEEKLY;UNTIL=20260930T153000Z", "2026-04-11", TOKYO, "FREQ=WEEKLY;UNTIL=20261001"),
        ("FREQ=DAILY;INTERVAL=2;COUNT=5", "2026-04-11", None, "FREQ=DAILY;INTERVAL=2;COUNT=5"),
    ],
)
def test_until_is_of_the_kind_of_the_start(
    rule: str, start: str, zone: ZoneInfo | None, written: str
) -> None:
    """UTC where there is a zone, a day for days, floating for floating times."""
    made = _of(rule, start, zone)
    assert made is not None
    assert written == made.rule


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "BYDAY=WE",
        "FREQ=SECONDLY",
        "FREQ=WEEKLY;BYDAY=WE\r\nATTACH:x",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=2SA",
        "FREQ=MONTHLY;BYDAY=6SA",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=WEEKLY;COUNT=3;UNTIL=20270101",
        "FREQ=WEEKLY;UNTIL=20260101",
        "FREQ=WEEKLY;UNTIL=20261399",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;BYHOUR=1,2,3",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;X=1",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=5",
        "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 400),
    ],
)
def test_what_no_calendar_can_follow_is_none(rule: str) -> None:
    """Parts that are unknown, forbidden, over before they begin, or never fall."""
    assert _of(rule, "2026-05-13T10:00") is None


@pytest.mark.parametrize(
    ("rule", "start", "first"),
    [
        ("FREQ=WEEKLY;BYDAY=WE", "2026-05-01", "2026-05-06"),
        ("FREQ=MONTHLY;BYDAY=2SA,4SA", "2026-04-01", "2026-04-11"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-04-01", "2026-04-24"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-02-10", "2026-02-28"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "2026-04-16", "2026-05-15"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-05-01", "2026-05-29"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-05-01", "2028-02-29"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "2026-05-11", "2027-05-09"),
        ("FREQ=DAILY", "2026-05-11", "2026-05-11"),
    ],
)
def test_the_anchor_is_a_day_that_the_rule_names(rule: str, start: str, first: str) -> None:
    """Otherwise calendars disagree about the first day."""
    made = _of(rule, start)
    assert made is not None
    assert date.fromisoformat(first) == made.span.start


def test_a_saturday_at_25_30_is_a_sunday() -> None:
    """Told by the clock, or by a rule that names the day before; exceptions and end move along."""
    told = _of("FREQ=WEEKLY;BYDAY=SA;UNTIL=20260627", "2026-06-06T25:30", TOKYO, ("2026-06-13",))
    found = _of("FREQ=WEEKLY;BYDAY=SA;UNTIL=20260627", "2026-06-07T01:30", TOKYO, ("2026-06-13",))
    assert told is not None
    assert found is not None
    assert (told.rule, told.exdates) == (found.rule, found.exdates)
    assert "FREQ=WEEKLY;UNTIL=20260628T145959Z;BYDAY=SU" == told.rule
    assert local("2026-06-07T01:30") == told.span.start
    assert (local("2026-06-14T01:30"),) == told.exdates
    assert _of("FREQ=MONTHLY;BYDAY=2SA", "2026-06-13T25:30") is None


def test_exceptions_are_starts_that_would_happen() -> None:
    """Days get the start's time of day; days of day-long entries stay days; each comes once."""
    timed = _of(
        "FREQ=WEEKLY;BYDAY=SA", "2026-08-01T10:00", TOKYO, ("2026-08-22T10:00", "2026-08-08", "x")
    )
    assert timed is not None
    assert (local("2026-08-08T10:00"), local("2026-08-22T10:00")) == timed.exdates
    whole = _of("FREQ=WEEKLY;BYDAY=SA", "2026-08-01", TOKYO, ("2026-08-08T10:00", "2026-08-08"))
    assert whole is not None
    assert (date(2026, 8, 8),) == whole.exdates


_DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
_WEEKDAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
_NTH = st.builds(lambda n, day: f"{n}{day}", st.sampled_from([1, 2, 3, 4, -1]), _WEEKDAY)
_RULES = st.one_of(
    st.builds("FREQ=WEEKLY;BYDAY={}".format, _WEEKDAY),
    st.builds("FREQ=MONTHLY;BYDAY={},{}".format, _NTH, _NTH),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.sampled_from([1, 15, 28, 31, -1, -2])),
    st.builds("FREQ=YEARLY;BYMONTH={};BYDAY={}".format, st.integers(1, 12), _NTH),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.just(28)),
    st.builds("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}".format, st.sampled_from([1, -1, 3])),
)


@given(_RULES, _DAYS)
def test_the_first_day_is_what_another_expander_says(rule: str, day: date) -> None:
    """python-dateutil, for rules that fall sooner or later."""
    start = local(f"{day}T10:00")
    parts = {name: value.split(",") for name, value in (p.split("=") for p in rule.split(";"))}
    expected = next(iter(islice(rrulestr(rule, dtstart=start), 1)))
    assert expected.date() == first_day(parts, day)
    moved = recurrence_of(rule, (), Span(start, start + timedelta(hours=2)), TOKYO)
    assert moved is not None
    assert (expected, expected + timedelta(hours=2)) == (moved.span.start, moved.span.end)
