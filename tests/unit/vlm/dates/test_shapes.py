"""Ranges, lists, relative days and months in parts."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, find_moments, within

TODAY = date(2026, 5, 8)


def _days(text):
    return [
        (str(one.start), str(one.end) if one.end else None)
        for one in find_moments(text, Anchor(TODAY))
    ]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("5月30日〜6月2日", "2026-05-30", "2026-06-02"),
        ("2026年12月28日～2027年1月3日", "2026-12-28", "2027-01-03"),
        ("12/28 18:00〜1/3 9:00", "2026-12-28", "2027-01-03"),
        ("5月30日から6月2日まで", "2026-05-30", "2026-06-02"),
        ("6月4日～6日", "2026-06-04", "2026-06-06"),
        ("6/4-6/6", "2026-06-04", "2026-06-06"),
        ("2026年4月〜9月", None, None),
        ("4-6 June", "2026-06-04", "2026-06-06"),
        ("from June 4 to 6", "2026-06-04", "2026-06-06"),
        ("June 28 through July 2", "2026-06-28", "2026-07-02"),
        ("今週末", "2026-05-09", "2026-05-10"),
        ("明日から3日間", "2026-05-09", "2026-05-11"),
    ],
)
def test_a_range_is_one_moment(text, start, end):
    """With its first and last day."""
    found = _days(text)

    assert found == ([(start, end)] if start else [("2026-04-01", "2026-09-30")])


def test_a_range_that_has_begun_is_this_years():
    """Not the one of next year, which begins in the future."""
    assert _days("4月1日〜6月30日") == [("2026-04-01", "2026-06-30")]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("5/10, 18, 25日", ["2026-05-10", "2026-05-18", "2026-05-25"]),
        ("5/10・18・25", ["2026-05-10", "2026-05-18", "2026-05-25"]),
        ("6月19日(金)・20日(土)", ["2026-06-19", "2026-06-20"]),
        ("June 4, 5 and 6", ["2026-06-04", "2026-06-05", "2026-06-06"]),
        ("10月31日(土)・1日(日)", ["2026-10-31", "2026-11-01"]),
    ],
)
def test_a_list_is_a_moment_for_each_day(text, days):
    """The month is told once."""
    assert _days(text) == [(day, None) for day in days]


def test_a_number_behind_a_day_is_not_always_a_day():
    """Of people, of yen, of hours."""
    assert _days("6月4日、10名様") == [("2026-06-04", None)]
    assert _days("June 4, 10 people") == [("2026-06-04", None)]
    assert _days("6月4日・10時") == [("2026-06-04", None)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("明後日", "2026-05-10"),
        ("3日後", "2026-05-11"),
        ("2週間後", "2026-05-22"),
        ("1か月と3日後", "2026-06-11"),
        ("来月の5日", "2026-06-05"),
        ("来週金曜日", "2026-05-15"),
        ("再来週の月曜", "2026-05-18"),
        ("来年の1月3日", "2027-01-03"),
        ("5営業日後", "2026-05-15"),
        ("7月の第1金曜", "2026-07-03"),
        ("tomorrow", "2026-05-09"),
        ("in two weeks", "2026-05-22"),
        ("three days from tomorrow", "2026-05-12"),
        ("this Saturday", "2026-05-09"),
        ("the second Monday of next month", "2026-06-08"),
        ("the last Friday in June", "2026-06-26"),
    ],
)
def test_a_relative_day(text, day):
    """Counted from the anchor, a Friday."""
    assert _days(text) == [(day, None)]


def test_the_following_day_follows_the_day_named_before():
    """翌日 is not tomorrow."""
    assert _days("6月4日(木)、翌日も開催") == [("2026-06-04", None), ("2026-06-05", None)]


def test_a_month_heading_gives_days_their_month():
    """Rows of a school calendar carry only the day."""
    assert _days("6月の行事予定\n3日(水) プール開き\n12日(金) 参観") == [
        ("2026-06-03", None),
        ("2026-06-12", None),
    ]


def test_a_part_of_a_month_is_approximate():
    """Its days are a range that nobody named."""
    (found,) = find_moments("9月中旬", Anchor(TODAY))

    assert (found.start, found.end) == (date(2026, 9, 11), date(2026, 9, 20))
    assert "APPROXIMATE" in found.flags


def test_within_keeps_what_touches_a_period():
    """Both ends are included."""
    moments = find_moments("6/1〜6/4, 6/5(金), 6/9(火)", Anchor(TODAY))

    kept = within(moments, date(2026, 6, 4), date(2026, 6, 5))

    assert [one.start for one in kept] == [date(2026, 6, 1), date(2026, 6, 5)]


def test_a_year_behind_a_list_is_that_of_all_its_days():
    """July 3rd & 4th, 2026."""
    found = find_moments("July 3rd & 4th, 2027", Anchor(TODAY))

    assert [(one.start, one.flags) for one in found] == [
        (date(2027, 7, 3), ()),
        (date(2027, 7, 4), ()),
    ]


def test_an_english_weekday_before_numbers_decides_the_year():
    """Sat 6/20."""
    (found,) = find_moments("Sat 6/20", Anchor(date(2025, 12, 1)))

    assert (found.start, found.resolved_by) == (date(2026, 6, 20), "weekday")


def test_a_weekday_behind_a_closing_word_with_a_day_is_that_day():
    """No school Monday, May 25 is no recurrence."""
    (found,) = find_moments("No school Monday, May 25", Anchor(TODAY))

    assert (found.start, found.rrule, found.cue) == (date(2026, 5, 25), "", "CLOSED")


def test_a_day_moved_by_a_holiday_names_none():
    """祝日の場合は翌日 is a rule about days, not a day."""
    (found,) = find_moments("休館日 月曜日（祝日の場合は翌日）", Anchor(TODAY))

    assert (found.rrule, found.start) == ("FREQ=WEEKLY;BYDAY=MO", None)
