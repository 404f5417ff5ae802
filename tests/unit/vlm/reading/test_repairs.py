"""Known confusions are mended where their surroundings prove them, and nowhere else."""

from __future__ import annotations

import pytest
from kioku_vlm.page import Box, Line
from kioku_vlm.reading.repairs import repaired


def _line(text: str) -> Line:
    boxes = tuple(Box(0.01 * at, 0.1, 0.01, 0.02) for at in range(len(text)))
    return Line(text, boxes, 0.9, vertical=True, block=3)


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("9:00て15:30", "9:00〜15:30"),
        ("4月て9月", "4月〜9月"),
        ("10時ー正午", "10時〜正午"),
        ("令利8年5月30日", "令和8年5月30日"),
        ("5月30日(A)", "5月30日(日)"),
        ("5/30(±)・31(8)", "5/30(土)・31(日)"),
        ("3日(本)", "3日(木)"),
        ("4日(全)", "4日(金)"),
        ("1O:3O", "10:3O"),
        ("9:O0", "9:00"),
        ("1l:30", "11:30"),
        ("春の連動会", "春の運動会"),
        ("夕オル", "タオル"),
        ("プ一ル", "プール"),
    ],
)
def test_a_confusion_is_mended(read: str, written: str) -> None:
    """One character for one."""
    assert repaired(_line(read)).text == written


@pytest.mark.parametrize(
    "text",
    [
        "持って帰る",
        "第一小学校",
        "夕方まで",
        "本日は晴天",
        "運転見合わせ、連絡先",
        "便利8",
        "Class (A)",
        "全員(全)",
        "OPEN 10:00",
        "",
    ],
)
def test_what_proves_nothing_stays(text: str) -> None:
    """The very line comes back."""
    line = _line(text)
    assert repaired(line) is line


def test_boxes_and_all_else_stay_where_they_are() -> None:
    """Mending changes text only, and keeps its length."""
    line = _line("令利8年 5/30(±) 9:00て15:30 プ一ル")
    mended = repaired(line)
    assert mended.text == "令和8年 5/30(土) 9:00〜15:30 プール"
    assert mended.boxes == line.boxes
    assert (mended.confidence, mended.vertical, mended.block) == (0.9, True, 3)
