"""Folded text knows where each of its characters was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_vlm.page import Line, around
from kioku_vlm.rules.passage import Passage, joined, passages_of

from tests.unit.vlm.rules.paper import column, line, page


def one(written: Line, split: float = 1.7) -> Passage:
    (passage,) = passages_of(page(written), 0, written, split)
    return passage


def test_a_folded_number_has_the_box_of_the_full_width_one() -> None:
    written = line(100, 50, 20, "日時：７月")

    passage = one(written)

    assert passage.text == "日時:7月"
    (evidence,) = passage.part(3, 4).evidence()
    assert evidence.quote == "７"
    assert evidence.box.overlap(written.boxes[3]) == pytest.approx(1)


def test_a_character_that_folds_to_three_is_quoted_once() -> None:
    passage = one(line(0, 0, 20, "㈱ひかり"))

    assert passage.text == "(株)ひかり"
    assert passage.part(1, 3).written() == "㈱"


def test_a_half_width_letter_and_its_mark_are_one_character() -> None:
    written = line(0, 0, 20, "ﾊﾞｻﾞｰ")

    passage = one(written)

    assert passage.text == "バザー"
    assert passage.part(0, 1).evidence()[0].box == around(written.boxes[:2])


def test_a_wide_gap_parts_cells_and_a_narrow_one_is_a_space() -> None:
    parts = passages_of(page(), 0, line(0, 0, 20, "開会|体育館"), 1.7)

    assert [part.text for part in parts] == ["開会", "体育館"]
    assert one(line(0, 0, 20, "開会|体育館"), split=9).text == "開会 体育館"


def test_letters_that_nobody_sees_are_left_out() -> None:
    assert one(line(0, 0, 20, "夏\u200bまつ\u202eり")).text == "夏まつり"


def test_a_column_is_read_downwards() -> None:
    written = column(500, 100, 30, "防災訓練")

    (evidence,) = one(written).part(2, 4).evidence()

    assert evidence.quote == "訓練"
    assert evidence.box == around(written.boxes[2:])


def test_parts_of_one_line_that_stand_apart_are_two_pieces_of_evidence() -> None:
    passage = one(line(0, 0, 20, "7月25日(土) 雨天決行 17時"))

    quotes = [
        found.quote for found in joined([passage.part(0, 5), passage.part(14, 17)]).evidence()
    ]

    assert quotes == ["7月25日", "17時"]


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=30))
def test_every_character_of_the_text_has_a_glyph_of_the_line(text: str) -> None:
    written = line(0, 0, 20, text)

    for passage in passages_of(page(written), 0, written, 1.7):
        assert len(passage.text) == len(passage.glyphs)
        boxes = [glyph.box for glyph in passage.glyphs if glyph]
        assert around(boxes).left >= written.box.left - 1e-9
        assert around(boxes).right <= written.box.right + 1e-9


@pytest.mark.parametrize("dash", ["–", "—", "−", "‐"])
def test_dashes_are_one(dash: str) -> None:
    assert one(line(0, 0, 20, f"5{dash}6")).text == "5-6"
