"""Strings of the kind that flyers carry, each with all the days it names."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, find_moments

TODAY = date(2026, 5, 8)
"""A Friday."""

_FLYERS = [
    ("令和8年5月30日(土)", [("2026-05-30", None)]),
    ("R8.5.30", [("2026-05-30", None)]),
    ("平成31年4月30日", [("2019-04-30", None)]),
    ("昭和64年1月7日", [("1989-01-07", None)]),
    ("令和元年五月一日", [("2019-05-01", None)]),
    ("二〇二六年五月三十日", [("2026-05-30", None)]),
    ("5/30(土)・31(日)", [("2026-05-30", None), ("2026-05-31", None)]),
    ("5月30日(土)〜6月2日(火)", [("2026-05-30", "2026-06-02")]),
    ("12/28(月)〜1/3(日)", [("2026-12-28", "2027-01-03")]),
    ("6月5日、12日、19日", [("2026-06-05", None), ("2026-06-12", None), ("2026-06-19", None)]),
    ("来週の金曜、みんなで", [("2026-05-15", None)]),
    ("令和8年度 卒業式 3月20日(土)", [("2027-03-20", None)]),
    ("今月末まで", [("2026-05-31", None)]),
    ("１０月１０日（土）", [("2026-10-10", None)]),
    ("会期 2026.4.4[土]-6.14[日]", [("2026-04-04", "2026-06-14")]),
    ("June 4-6, 2026", [("2026-06-04", "2026-06-06")]),
    ("FRI, JUN 12", [("2026-06-12", None)]),
    ("Saturday 30th May at 7pm", [("2026-05-30", None)]),
    ("28 June - 2 July 2026", [("2026-06-28", "2026-07-02")]),
    ("RSVP by June 1st", [("2026-06-01", None)]),
    ("〒104-0061 銀座5-6-1 TEL 03-1234-5678", []),
    ("前売 2,500円 当日 3,000円 Ver 2.10.3", []),
]


@pytest.mark.parametrize(("text", "expected"), _FLYERS)
def test_every_day_of_a_flyer_string_is_read(text, expected):
    """All days are found, and nothing else is."""
    found = find_moments(text, Anchor(TODAY))

    assert expected == [
        (str(one.start), str(one.end) if one.end else None) for one in found if one.start
    ]


@pytest.mark.parametrize(("text", "expected"), _FLYERS)
def test_spans_slice_to_the_words(text, expected):
    """The span of a moment is where its words stand in the text as it was given."""
    for one in find_moments(text, Anchor(TODAY)):
        assert one.raw == text[slice(*one.span)]


def test_the_text_of_a_reader_is_mended():
    """Spaces between characters, a lost bracket, a wave dash read as て."""
    text = "2026 年 5 月 3 0 日 （ 土 ） 9:00て15:30"

    (found,) = find_moments(text, Anchor(TODAY))

    assert found.start == date(2026, 5, 30)
    assert found.flags == ()
    assert [(one.minutes, one.until) for one in found.clocks] == [(540, 930)]
    assert [one.raw for one in found.clocks] == ["9:00て15:30"]


@pytest.mark.parametrize("text", ["5/30(土", "5/30 土)", "5月30日土", "5/30[土]", "5/30(土・祝)"])
def test_a_weekday_with_broken_brackets_still_decides_the_year(text):
    """On the 30th of May it is a Saturday in 2026 only."""
    (found,) = find_moments(text, Anchor(date(2025, 12, 1)))

    assert (found.start, found.resolved_by) == (date(2026, 5, 30), "weekday")


def test_an_unreadable_weekday_is_stepped_over():
    """(A) is what a reader makes of (日): no weekday, and no part of the words behind."""
    (found,) = find_moments("3/15(A)〜4/5(A)", Anchor(date(2026, 3, 1)))

    assert (found.start, found.end) == (date(2026, 3, 15), date(2026, 4, 5))
