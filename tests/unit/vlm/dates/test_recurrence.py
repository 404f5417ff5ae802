"""What happens again and again."""

from datetime import date

import pytest
from dateutil.rrule import rrulestr
from kioku_vlm.dates import Anchor, find_moments

TODAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("毎週水曜", "FREQ=WEEKLY;BYDAY=WE"),
        ("毎週月・水・金曜", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("毎週土日", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("毎月第2・第4土曜", "FREQ=MONTHLY;BYDAY=2SA,4SA"),
        ("第1・3日曜日", "FREQ=MONTHLY;BYDAY=1SU,3SU"),
        ("毎月最終金曜日", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("毎月5日・20日", "FREQ=MONTHLY;BYMONTHDAY=5,20"),
        ("毎月末", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("隔週金曜", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("3週間ごとに", "FREQ=WEEKLY;INTERVAL=3"),
        ("毎日", "FREQ=DAILY"),
        ("平日", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("毎年4月15日", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=15"),
        ("定休日：水曜", "FREQ=WEEKLY;BYDAY=WE"),
        ("毎月第3日曜日（8月は休み）", "FREQ=MONTHLY;BYDAY=3SU;BYMONTH=1,2,3,4,5,6,7,9,10,11,12"),
        ("every other Friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("every Tuesday & Thursday", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("the first and third Monday of each month", "FREQ=MONTHLY;BYDAY=1MO,3MO"),
        ("Mondays and Thursdays", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("daily except Sundays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("every three weeks", "FREQ=WEEKLY;INTERVAL=3"),
        ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("the 15th of every month", "FREQ=MONTHLY;BYMONTHDAY=15"),
    ],
)
def test_a_recurrence_is_a_rule(text, rule):
    """RFC 5545, which another library reads too, and no first day."""
    (found,) = find_moments(text, Anchor(TODAY))

    assert (found.rrule, found.start) == (rule, None)
    assert rrulestr(found.rrule) is not None


def test_holidays_excepted_are_a_flag():
    """Which days they are is not in the text."""
    (found,) = find_moments("平日 9:00〜17:00（祝日を除く）", Anchor(TODAY))

    assert found.flags == ("EXCEPT_HOLIDAYS",)
    assert [(one.minutes, one.until) for one in found.clocks] == [(540, 1020)]


def test_a_range_beside_it_bounds_a_recurrence():
    """With a month of rest, whose days are excepted by name."""
    text = "毎月第2・第4土曜日　10:00〜11:30\n期間：2026年4月〜9月（8月は休み）"

    (found,) = find_moments(text, Anchor(date(2026, 3, 1)))

    assert found.start == date(2026, 4, 11)
    assert found.rrule == "FREQ=MONTHLY;BYDAY=2SA,4SA;UNTIL=20260930"
    assert found.exdates == (date(2026, 8, 8), date(2026, 8, 22))
    assert [(one.minutes, one.until) for one in found.clocks] == [(600, 690)]


def test_until_ends_a_recurrence():
    """The day is no moment of its own."""
    (found,) = find_moments("Mondays and Thursdays, 7pm, until 30 June", Anchor(TODAY))

    assert found.rrule == "FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20260630"
    assert [one.minutes for one in found.clocks] == [1140]


def test_a_recurrence_and_a_day_stay_apart():
    """Two lines that have nothing to do with each other."""
    text = "※参加同意書は5月29日(金)までに担任へ\n※毎週水曜日は一斉下校（14:30）です。"

    deadline, weekly = find_moments(text, Anchor(TODAY))

    assert (deadline.start, deadline.cue) == (date(2026, 5, 29), "DEADLINE")
    assert (weekly.rrule, weekly.start) == ("FREQ=WEEKLY;BYDAY=WE", None)
    assert [one.minutes for one in weekly.clocks] == [870]
