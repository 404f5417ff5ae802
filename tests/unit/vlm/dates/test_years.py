"""Which year, and which of two numbers is the month."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, find_moments

TODAY = date(2026, 5, 8)


def _one(text, **anchor):
    (found,) = find_moments(text, Anchor(**{"today": TODAY, **anchor}))
    return found


def test_a_day_without_a_year_is_the_next_one_and_the_others_are_kept():
    """The flag says that the year was assumed."""
    found = _one("5月1日")

    assert found.start == date(2027, 5, 1)
    assert found.resolved_by == "next-future"
    assert found.flags == ("YEAR_ASSUMED",)
    assert found.alternatives[0] == date(2026, 5, 1)
    assert found.confidence < 0.8


def test_a_weekday_chooses_among_the_years_even_against_the_future():
    """The first of May is a Friday in 2026."""
    found = _one("5月1日(金)")

    assert (found.start, found.resolved_by, found.flags) == (date(2026, 5, 1), "weekday", ())


def test_a_weekday_that_fits_no_year_near_is_flagged():
    """And the day stays what the number says."""
    found = _one("5月30日(月)")

    assert found.start == date(2026, 5, 30)
    assert found.flags == ("YEAR_ASSUMED", "WEEKDAY_MISMATCH")
    assert found.confidence < 0.5


def test_a_full_date_with_the_wrong_weekday_is_flagged():
    """The year that stands there is kept."""
    found = _one("2026年5月30日(日)")

    assert (found.start, found.flags) == (date(2026, 5, 30), ("WEEKDAY_MISMATCH",))


def test_the_year_that_the_document_names_comes_before_the_next_future():
    """A year in a full date is also that of the days behind it."""
    _, found = find_moments("2025年4月10日\n遠足 4月20日", Anchor(TODAY))

    assert (found.start, found.resolved_by) == (date(2025, 4, 20), "document-year")


def test_a_day_far_before_the_documents_full_date_is_of_the_next_year():
    """A letter of December speaks of the January that follows."""
    _, found = find_moments("2025年12月1日\n始業式 1月8日", Anchor(TODAY))

    assert found.start == date(2026, 1, 8)


def test_the_anchors_year_is_a_document_year():
    """A heading that another reader found."""
    found = _one("5月1日", year=2024)

    assert (found.start, found.resolved_by) == (date(2024, 5, 1), "document-year")


@pytest.mark.parametrize(
    ("text", "expected"), [("4月1日", "2026-04-01"), ("3月31日", "2027-03-31")]
)
def test_a_fiscal_year_begins_in_april(text, expected):
    """January to March are of the year after the one it is named for."""
    found = _one(f"令和8年度 {text}")

    assert (str(found.start), found.resolved_by) == (expected, "fiscal-year")


def test_an_era_year_that_never_was_is_tolerated_and_flagged():
    """平成 ended with its 31st year; forms printed before said 32."""
    found = _one("平成32年1月1日")

    assert (found.start, found.flags) == (date(2020, 1, 1), ("INVALID_ERA",))


def test_years_of_one_or_two_digits_are_of_the_nearest_era_or_century():
    """A form that leaves out 令和, and one that leaves out 20."""
    assert _one("8年5月30日").start == date(2026, 5, 30)
    assert _one("26年5月30日").start == date(2026, 5, 30)
    assert _one("8/5/30 午後").start == date(2026, 5, 30)


def test_the_order_of_anchors_is_issue_date_then_picture_then_today():
    """`resolved_by` names the one that was used."""
    issued, taken = date(2026, 4, 1), date(2026, 3, 1)

    first = _one("明日", issued=issued, taken=taken)
    second = _one("明日", taken=taken)
    third = _one("明日")

    assert (first.start, first.resolved_by) == (date(2026, 4, 2), "relative-to-issued")
    assert (second.start, second.resolved_by) == (date(2026, 3, 2), "relative-to-taken")
    assert (third.start, third.resolved_by) == (date(2026, 5, 9), "relative-to-today")


def test_the_issue_date_in_the_text_is_the_anchor():
    """明日 in a letter of the tenth of April is the eleventh."""
    issued, found = find_moments("令和8年4月10日 発行\n明日は遠足です", Anchor(TODAY))

    assert (issued.start, issued.cue) == (date(2026, 4, 10), "ISSUED")
    assert (found.start, found.resolved_by) == (date(2026, 4, 11), "relative-to-issued")


def test_a_letters_own_day_is_the_nearest_not_the_next():
    """And the days it speaks of follow it."""
    issued, trip = find_moments("Dear parents, 10 April\nThe trip is on 3 May.", Anchor(TODAY))

    assert (issued.start, issued.cue) == (date(2026, 4, 10), "ISSUED")
    assert trip.start == date(2026, 5, 3)


def test_03_04_is_both_days_until_something_decides():
    """Nothing here does."""
    found = _one("03/04/2026")

    assert found.start == date(2026, 3, 4)
    assert found.alternatives[0] == date(2026, 4, 3)
    assert "AMBIGUOUS_DATE" in found.flags
    assert found.confidence <= 0.5


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ({"locale": "en-GB"}, date(2026, 4, 3)),
        ({"locale": "en_US"}, date(2026, 3, 4)),
        ({"day_first": True}, date(2026, 4, 3)),
        ({"day_first": False, "locale": "en-GB"}, date(2026, 3, 4)),
    ],
)
def test_locale_or_the_callers_proof_decides_03_04(anchor, expected):
    """What other pages prove comes before the locale."""
    found = _one("03/04/2026", **anchor)

    assert (found.start, found.flags) == (expected, ())


def test_a_value_above_twelve_elsewhere_decides_03_04():
    """25/12 can only have its day first."""
    first, _ = find_moments("03/04/2026 and 25/12/2026", Anchor(TODAY))

    assert (first.start, first.flags) == (date(2026, 4, 3), ())


def test_a_weekday_decides_03_04():
    """The third of April 2026 is a Friday; the fourth of March a Wednesday."""
    found = _one("03/04/2026 (Fri)")

    assert (found.start, found.resolved_by, found.flags) == (date(2026, 4, 3), "weekday", ())


def test_japanese_text_puts_the_month_first():
    """3/4 beside Japanese words is no question."""
    found = _one("3/4 に開催")

    assert found.start == date(2027, 3, 4)
    assert "AMBIGUOUS_DATE" not in found.flags


def test_the_29th_of_february_is_of_a_leap_year():
    """The next and the last are eight or four years apart."""
    found = _one("2月29日")

    assert (found.start, found.alternatives) == (date(2028, 2, 29), (date(2024, 2, 29),))


def test_next_friday_keeps_the_other_reading():
    """On a Wednesday it may be in two days or in nine."""
    found = _one("next Friday", today=date(2026, 5, 6))

    assert (found.start, found.alternatives) == (date(2026, 5, 15), (date(2026, 5, 8),))
    assert found.confidence < 0.7


def test_what_is_only_now_and_then_sure_stays_so_in_a_list():
    """Days behind one whose year was assumed are no surer than it."""
    first, second = find_moments("5月1日、8日", Anchor(TODAY))

    assert second.start == date(2027, 5, 8)
    assert second.flags == ("YEAR_ASSUMED",)
    assert second.confidence <= first.confidence


@pytest.mark.parametrize(
    "text", ["RSVP by July 31: (608) 555-0133", "July 31: call", "31 July: call"]
)
def test_a_colon_behind_a_day_is_no_clock(text):
    """Only one that stands between two numbers is."""
    (found,) = find_moments(text, Anchor(date(2026, 7, 1)))

    assert found.start == date(2026, 7, 31)
    assert found.clocks == ()


@pytest.mark.parametrize(("text", "days"), [("晴れ、午後一時雨", []), ("May 7:30 pm", [None])])
def test_what_only_looks_like_an_hour_or_a_day_is_none(text, days):
    """A while of rain; half past seven."""
    assert [one.start for one in find_moments(text, Anchor(date(2026, 7, 1)))] == days
