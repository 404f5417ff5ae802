"""Times of day."""

from datetime import date

import pytest
from kioku_vlm.dates import Anchor, Cue, find_clocks, find_moments

TODAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("text", "minutes", "until"),
    [
        ("10時半", 630, None),
        ("10時30分", 630, None),
        ("午後7時〜9時", 1140, 1260),
        ("午後5時〜午後9時", 1020, 1260),
        ("午前十時から正午まで", 600, 720),
        ("夜7時", 1140, None),
        ("午後一時より", 780, None),
        ("午前一時半", 90, None),
        ("深夜1時", 1500, None),
        ("25時", 1500, None),
        ("29:30", 1770, None),
        ("10:00-12:00", 600, 720),
        ("10時〜12時", 600, 720),
        ("9:00て15:30", 540, 930),
        ("22:00〜翌2:00", 1320, 1560),
        ("18:00〜2:00", 1080, 1560),
        ("2pm", 840, None),
        ("7-9pm", 1140, 1260),
        ("10am-2pm", 600, 840),
        ("from 9 to 5pm", 540, 1020),
        ("6.30pm", 1110, None),
        ("noon", 720, None),
        ("midnight", 0, None),
        ("half past seven", 450, None),
        ("quarter to 8", 465, None),
        ("12am", 0, None),
        ("12pm", 720, None),
        ("13h30", 810, None),
        ("13h", 780, None),
        ("8 o'clock", 480, None),
        ("18時〜", 1080, None),
    ],
)
def test_a_time_of_day(text, minutes, until):
    """In minutes after midnight; beyond 24 hours it is the next day's."""
    (found,) = find_clocks(text)

    assert (found.minutes, found.until) == (minutes, until)


def test_an_approximate_time_says_so():
    """頃."""
    (found,) = find_clocks("15時頃")

    assert found.approximate


@pytest.mark.parametrize(
    "text", ["4:3", "16:9", "1:25000", "31:00", "10:99", "2時間", "100時", "12:3"]
)
def test_no_time(text):
    """Ratios, lengths and impossible times."""
    assert find_clocks(text) == ()


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("開場18:00 開演19:00", [Cue.DOORS, Cue.START]),
        ("18:00開場 19:00開演", [Cue.DOORS, Cue.START]),
        ("18:00開場／19:00開演", [Cue.DOORS, Cue.START]),
        ("Doors 6:30 PM / Show 7 PM - 10 PM", [Cue.DOORS, Cue.START]),
        ("6pm doors, 7pm show", [Cue.DOORS, Cue.START]),
        ("OPEN 17:30 / START 18:00", [Cue.DOORS, Cue.START]),
        ("9時〜正午（受付8時30分〜）", [Cue.NONE, Cue.RECEPTION]),
        ("受付 9:30〜 開会 10:00 閉会 12:00", [Cue.RECEPTION, Cue.START, Cue.END]),
        ("8時30分集合", [Cue.GATHERING]),
        ("17時まで", [Cue.END]),
        ("最終入場 16:30", [Cue.LAST_ENTRY]),
    ],
)
def test_cues_of_times(text, cues):
    """Before their times or behind them, one way for each line."""
    assert [one.cue for one in find_clocks(text)] == cues


def test_times_belong_to_the_day_before_them():
    """Also on the lines below it, until the next day."""
    text = "5月30日(土)\n開場 18:00\n開演 19:00\n5月31日(日) 14:00"

    first, second = find_moments(text, Anchor(TODAY))

    assert [(one.minutes, one.cue) for one in first.clocks] == [
        (1080, Cue.DOORS),
        (1140, Cue.START),
    ]
    assert [one.minutes for one in second.clocks] == [840]


def test_a_time_before_the_only_day_of_its_line_belongs_to_it():
    """7pm on Saturday."""
    (found,) = find_moments("7pm on 30 May 2026", Anchor(TODAY))

    assert (found.start, [one.minutes for one in found.clocks]) == (date(2026, 5, 30), [1140])


def test_days_of_a_list_share_its_times():
    """Each of them begins at ten."""
    found = find_moments("6月14日(日)・7月12日(日) 各日10:00〜", Anchor(TODAY))

    assert [[one.minutes for one in each.clocks] for each in found] == [[600], [600]]


def test_a_time_without_a_day_is_a_moment_of_its_own():
    """Its start is unknown."""
    (found,) = find_moments("営業 10:00〜19:00", Anchor(TODAY))

    assert found.start is None
    assert [(one.minutes, one.until) for one in found.clocks] == [(600, 1140)]
