"""Properties that hold for whatever is given."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kioku_vlm.dates import Anchor, find_clocks, find_moments
from kioku_vlm.dates.folding import fold
from kioku_vlm.dates.recognition import recognise
from kioku_vlm.dates.scanner import scan
from kioku_vlm.dates.tokens import Cursor

_DAYS = st.dates(date(2019, 5, 1), date(2099, 12, 31))
_JAPANESE = "月火水木金土日"
_ENGLISH = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_WORDS = st.sampled_from(
    [
        *"0123456789/.-~〜年月日時分半()（）・,、: \n",
        *("令和", "平成", "土曜", "第", "毎週", "来週", "から", "まで", "締切", "休み"),
        *("May", "Friday", "next", "every", "of", "the", "two", "weeks", "pm", "until", "3rd"),
    ]
)


def _kanji(number):
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return digits[ones]
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


_FORMATS = {
    "kanji marks": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "with weekday": lambda d: f"{d.year}年{d.month}月{d.day}日({_JAPANESE[d.weekday()]})",
    "wide": lambda d: f"{d.year}年{d.month}月{d.day}日".translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    ),
    "spaced": lambda d: " ".join(f"{d.year}年{d.month}月{d.day}日"),
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "iso": lambda d: d.isoformat(),
    "era": lambda d: f"令和{d.year - 2018}年{d.month}月{d.day}日".replace("令和1年", "令和元年"),
    "era letter": lambda d: f"R{d.year - 2018}.{d.month}.{d.day}",
    "kanji numerals": lambda d: (
        f"令和{_kanji(d.year - 2018)}年{_kanji(d.month)}月{_kanji(d.day)}日"
    ),
    "English": lambda d: f"{d:%B} {d.day}, {d.year}",
    "English, day first": lambda d: f"{d.day} {d:%b} {d.year}",
    "English, weekday": lambda d: f"{_ENGLISH[d.weekday()]} {d.day} {d:%B} {d.year}",
}


@pytest.mark.parametrize("name", _FORMATS)
@given(day=_DAYS)
@settings(max_examples=40, deadline=None)
def test_any_day_in_any_form_comes_back(name, day):
    """Exactly, with all of its words and no flag."""
    text = f"x {_FORMATS[name](day)} y"

    (found,) = find_moments(text, Anchor(date(2026, 5, 8)))

    assert (found.start, found.flags) == (day, ())
    assert found.raw == text[2:-2]


@given(day=_DAYS)
@settings(max_examples=60, deadline=None)
def test_a_day_with_its_weekday_and_no_year_comes_back_within_a_year(day):
    """The weekday tells this year from the ones beside it."""
    text = f"{day.month}/{day.day}({_JAPANESE[day.weekday()]})"

    (found,) = find_moments(text, Anchor(day - timedelta(days=40)))

    assert found.start == day


@given(text=st.text(max_size=200) | st.lists(_WORDS, max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_a_crash(text):
    """Spans slice to the words, moments do not overlap, ranges run forward."""
    moments = find_moments(text, Anchor(date(2026, 5, 8)))

    assert all(one.raw == text[slice(*one.span)] for one in moments)
    assert all(one.end is None or one.end > one.start for one in moments if one.start)
    assert all(0 <= one.confidence <= 1 for one in moments)
    assert all(one.start or one.rrule or one.clocks for one in moments)
    for clock in (*find_clocks(text), *(each for one in moments for each in one.clocks)):
        assert clock.raw == text[slice(*clock.span)]
        assert clock.until is None or clock.until > clock.minutes


@given(text=st.lists(_WORDS, max_size=40).map("".join))
@settings(max_examples=100, deadline=None)
def test_folding_keeps_the_order_of_characters(text):
    """Every folded character comes from one of the text, none before the one before it."""
    folded = fold(text)

    assert len(folded.origin) == len(folded.text)
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= at < len(text) for at in folded.origin)


_REPEATED = [
    *("9", "1/", "5/30(土)・", "12-", "1.", "第", "月", "毎週月", "平日", "1年", "10:00〜", "R8."),
    *("令和", "(", "の", "1日、", "一二三", "1か月と", "10:00開演 ", "毎日8月は休み"),
    *("a ", "from ", "two weeks ", "Mondays, ", "1, ", "third ", "http://", "Dear 1 May "),
]


class _CountingCursor(Cursor):
    steps = 0

    def look(self, ahead=0):
        type(self).steps += 1
        return super().look(ahead)


def _steps(text, monkeypatch):
    monkeypatch.setattr("kioku_vlm.dates.recognition.Cursor", _CountingCursor)
    _CountingCursor.steps = 0
    recognise(scan(fold(text).text), japanese=True)
    return _CountingCursor.steps


@pytest.mark.parametrize("part", _REPEATED)
def test_the_work_grows_with_the_length_and_no_faster(part, monkeypatch):
    """Tokens looked at, for a text and for one ten times as long."""
    short = _steps(part * 200, monkeypatch)
    long = _steps(part * 2000, monkeypatch)

    assert long <= 11 * short + 1000


def test_a_hundred_kilobytes_of_a_schedule_are_read():
    """Every row, in one call."""
    rows = [f"{6 + n % 3}月{1 + n % 28}日 {n % 24:02d}:30 行事その{n}\n" for n in range(2500)]

    moments = find_moments("令和8年の行事\n" + "".join(rows), Anchor(date(2026, 5, 8)))

    assert len(moments) == 2500
    assert all(len(one.clocks) == 1 for one in moments)
