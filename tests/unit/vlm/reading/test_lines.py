"""Rows of symbols become lines: parted at wide gaps, spaced between words, boxed on the page."""

from __future__ import annotations

import numpy as np
import pytest
from kioku_vlm.page import Box, Line
from kioku_vlm.reading.lines import Frame, is_cjk, language_of, lines_of
from kioku_vlm.reading.recogniser import Row, Symbol

_FRAME = Frame(np.eye(3), 1000, 500)


def _row(text: str, *, left: int = 0, confidence: float = 0.9, block: int = 1) -> Row:
    """Symbols 20 pixels wide and high; `_` leaves 10 pixels and starts a word, `>` leaves 100."""
    row, x, starts = Row(block), left, True
    for sign in text:
        if sign in "_>":
            x, starts = x + (10 if sign == "_" else 100), True
            continue
        row.symbols.append(Symbol(sign, (x, 100, x + 20, 120), confidence, starts))
        x, starts = x + 20, False
    return row


def _texts(*rows: Row, vertical: bool = False) -> list[str]:
    return [line.text for line in lines_of(rows, _FRAME, vertical=vertical)]


def test_each_character_has_its_box_and_a_space_its_gap() -> None:
    """Parts of the page, in step with the text."""
    (line,) = lines_of([_row("ab_c", block=4)], _FRAME, vertical=False)
    assert (line.text, line.block, line.vertical) == ("ab c", 4, False)
    edges = [(round(box.left, 6), round(box.right, 6)) for box in line.boxes]
    assert edges == [(0, 0.02), (0.02, 0.04), (0.04, 0.05), (0.05, 0.07)]
    assert {(round(box.top, 6), round(box.bottom, 6)) for box in line.boxes} == {(0.2, 0.24)}
    assert line.confidence == pytest.approx(0.9)


def test_words_are_spaced_in_latin_script_only() -> None:
    """Tesseract takes nearly every Japanese character for a word."""
    assert _texts(_row("日_本_語")) == ["日本語"]
    assert _texts(_row("a_b_日_c")) == ["a b日c"]


def test_a_wide_gap_parts_cells() -> None:
    """Of one row, in its order; a gap as between words does not."""
    assert _texts(_row("ab_c>de>f")) == ["ab c", "de", "f"]


def test_a_column_is_parted_along_its_length() -> None:
    """Vertical writing runs down; its cells are parted by gaps below one another."""
    row = Row(1)
    for sign, top in (("春", 0), ("夏", 22), ("秋", 150), ("冬", 172)):
        row.symbols.append(Symbol(sign, (50, top, 70, top + 20), 0.8, starts_word=False))
    first, second = lines_of([row], _FRAME, vertical=True)
    assert (first.text, second.text) == ("春夏", "秋冬")
    assert first.vertical
    assert first.size == pytest.approx(0.02)


def test_what_is_left_of_a_frame_is_no_character() -> None:
    """At either end; a line of nothing else is no line; within, it is."""
    assert _texts(_row("|a|b|"), _row("|_|"), _row("—")) == ["a|b"]


def test_an_unsure_line_is_no_writing() -> None:
    """Below 0.35."""
    assert _texts(_row("ab", confidence=0.34), _row("cd", confidence=0.36)) == ["cd"]


def test_text_is_composed_and_boxes_keep_step() -> None:
    """One symbol may be two characters, or two become one (NFC)."""
    row = Row(1)
    row.symbols += [
        Symbol("e\u0301", (0, 0, 10, 20), 0.9, starts_word=True),
        Symbol("fi", (10, 0, 30, 20), 0.9, starts_word=False),
    ]
    (line,) = lines_of([row], _FRAME, vertical=False)
    assert line.text == "éfi"
    assert len(line.boxes) == 3
    assert line.boxes[1] == line.boxes[2]


def test_a_frame_leads_back_to_the_page() -> None:
    """Boxes are around the corners where they lie, and within the page."""
    quarter = np.array([[0, -1, 1000], [1, 0, 0], [0, 0, 1]], np.float64)
    assert Frame(quarter, 1000, 500).box(0, 0, 50, 100) == Box(0.9, 0, pytest.approx(0.1), 0.1)
    assert _FRAME.box(-10, -10, 2000, 2000) == Box(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("夏祭りのお知らせ", "ja"),
        ("Summer Fair 2026", "en"),
        ("Zoom ミーティング", "ja"),
        ("12:30 – 14:00", ""),
        ("", ""),
    ],
)
def test_language_by_its_letters(text: str, language: str) -> None:
    """Numbers tell nothing."""
    boxes = (Box(0, 0, 0.1, 0.1),) * len(text)
    assert language_of([Line(text, boxes, 0.9)]) == language


def test_which_characters_stand_without_spaces() -> None:
    """Japanese ones and their marks."""
    assert all(map(is_cjk, "漢かカー、「」〜０"))
    assert not any(map(is_cjk, "aZ0.é"))
