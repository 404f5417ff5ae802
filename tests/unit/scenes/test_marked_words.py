"""Marks travel inside strings, and days are written as they are."""

from datetime import date, datetime

import pytest
from kioku_scenes.documents import day
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.marked import Tag, letters, lines, mark, plain
from kioku_scenes.documents.truth import EVENT


def test_marks_leave_the_words_as_they_are() -> None:
    """What is drawn is the words alone."""
    assert plain(f"on {mark('May 3', Tag(0, 'start'))}, rain or shine") == "on May 3, rain or shine"


def test_marks_within_marks_both_hold() -> None:
    """Inner words say their own fields and those around them."""
    inner = mark("10:00", Tag(1, "start"))
    found = letters(mark(f"at {inner}!", Tag(0, "note", 2)))
    assert [letter.character for letter in found if Tag(1, "start") in letter.tags] == list("10:00")
    assert all(Tag(0, "note", 2) in letter.tags for letter in found)


def test_a_mark_goes_on_in_the_next_line() -> None:
    """A line break parts the words, not what they say."""
    first, second = lines(mark("one\ntwo", Tag(0, "title")))
    assert {letter.tags for letter in (*first, *second)} == {(Tag(0, "title"),)}


def test_a_field_that_is_no_text_needs_words() -> None:
    """An entry does not guess how its day is written."""
    entry = Draft(date(2026, 1, 1)).expect(EVENT, "Fair", date(2026, 5, 3))
    assert plain(entry("title")) == "Fair"
    with pytest.raises(ValueError, match="which words"):
        entry("start")


def test_days_are_worded() -> None:
    """Formats of Japan and of English."""
    one, moment = date(2026, 5, 30), datetime(2026, 5, 30, 13, 5)  # noqa: DTZ001
    assert day.japanese(one) == "5月30日(土)"
    assert (day.era(one), day.era_kanji(one)) == ("令和8年5月30日", "令和八年五月三十日")
    assert [day.kanji(number) for number in (1, 10, 11, 20, 31)] == [
        "一",
        "十",
        "十一",
        "二十",
        "三十一",
    ]
    assert (day.half_day_ja(moment), day.clock_ja(moment)) == ("午後1時5分", "13時5分")
    assert (day.clock_en(moment), day.clock_en(day.at(one, 0))) == ("1:05 PM", "12 AM")
    assert [day.ordinal(number) for number in (1, 2, 3, 11, 22)] == [
        "1st",
        "2nd",
        "3rd",
        "11th",
        "22nd",
    ]
    assert day.nth_weekday(2026, 4, 5, 2) == date(2026, 4, 11)
    assert day.at(one, 25, 30) == datetime(2026, 5, 31, 1, 30)  # noqa: DTZ001
