"""Signs that readers of print take for others."""

from __future__ import annotations

from datetime import date

import pytest
from kioku_vlm.rules import announce
from kioku_vlm.rules.misread import lost_brackets, lost_waves, mended
from kioku_vlm.schedule_facts import Circumstances

from tests.unit.vlm.rules.paper import centred, line, paper


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("13:15<14:40", "13:15~14:40"),
        ("13:15一", "13:15~"),
        ("て11:15", "~11:15"),
        ("415:30て", " 15:30~"),
        ("9i15", "9:15"),
        ("5月11晶", "5月11日"),
        ("6月19昌(金)", "6月19日(金)"),
        ("正年まで", "正午まで"),
        ("046-555〜0190", "046-555-0190"),
        ("\\1,356", "¥1,356"),
    ],
)
def test_a_sign_that_can_be_no_other_is_put_right(read: str, meant: str) -> None:
    assert mended(read) == meant


@pytest.mark.parametrize(
    "text",
    [
        "晴れて11:15に",
        "第一",
        "3人一組",
        "昌平坂5月",
        "修正年月日",
        "2026:30",
        "iPad 9i",
        "C:\\temp",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("両日とも16:00 21:00", (10,)),
        ("8月12日(水) 8月16日(日)は休診", (9,)),
        ("2026年4月9月(8月は休み)", (7,)),
        ("平日9時17時", (4,)),
        ("開演 14:00 16:00 18:00", ()),
        ("開演18:00 14:00", ()),
        ("Shows 14:00 18:00", ()),
        ("10:00開場11:00", ()),
    ],
)
def test_two_ends_side_by_side_have_lost_their_wave_dash(
    text: str, places: tuple[int, ...]
) -> None:
    assert lost_waves(text) == places


@pytest.mark.parametrize(
    ("text", "places"),
    [("8.8中) 8.9日)", (3,)), ("5月3日出)", (4,)), ("8.8(土)", ()), ("3.5点)", (3,))],
)
def test_a_mark_behind_a_day_has_lost_its_bracket(text: str, places: tuple[int, ...]) -> None:
    assert lost_brackets(text) == places


def test_a_day_whose_signs_were_misread_is_told_and_its_evidence_quotes_what_was_read() -> None:
    sheet = paper(
        centred(100, 60, "秋の写生会"),
        line(100, 300, 28, "日時10月11晶(日)"),
        line(100, 350, 28, "9:30<11:45"),
        line(100, 400, 28, "場所:みどり公園"),
    )
    (entry,) = announce(sheet, Circumstances(date(2026, 9, 20))).entries

    assert entry.start is not None
    assert entry.end is not None
    assert (entry.start.value, entry.end.value) == ("2026-10-11T09:30", "2026-10-11T11:45")
    assert [one.quote for one in entry.start.evidence] == ["10月11晶(日)", "9:30<11:45"]
