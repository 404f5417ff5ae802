"""Pages that lie askew are read as if they did not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kioku_vlm.page import Box, Document, Line, Page
from kioku_vlm.rules.segment import segments_of
from kioku_vlm.rules.skew import climb, levelled

from tests.unit.vlm.rules.odd_sheets import GRID
from tests.unit.vlm.rules.paper import Sheet
from tests.unit.vlm.rules.scoring import score
from tests.unit.vlm.rules.sheets import CARDS, TABLE

FALL = 0.035  # two degrees


def tilted(page: Page) -> Page:
    aspect = page.width / page.height
    return replace(page, lines=tuple(_tilted(line, aspect) for line in page.lines))


def _tilted(line: Line, aspect: float) -> Line:
    boxes = tuple(
        Box(one.left, one.top + FALL * aspect * (one.left + one.width / 2), one.width, one.height)
        for one in line.boxes
    )
    return replace(line, boxes=boxes)


@pytest.mark.parametrize("sheet", [TABLE, CARDS, GRID], ids=lambda sheet: sheet.name)
def test_a_tilted_sheet_announces_what_the_straight_one_does(sheet: Sheet) -> None:
    pages = tuple(tilted(page) for page in sheet.document.pages)
    askew = replace(sheet, document=Document(pages, sheet.document.language))

    found = score([askew])

    assert (found.whole, found.found) == (len(sheet.wanted), len(sheet.wanted))


def test_the_fall_of_lines_is_their_median_and_short_ones_have_no_say() -> None:
    long = [Box(0.1 * at, 0.5 + 0.02 * at, 0.1, 0.03) for at in range(8)]
    short = [Box(0, 0, 0.1, 0.1), Box(0.1, 0.9, 0.1, 0.1)]

    slope = climb([long, short])

    assert slope == pytest.approx(0.2)
    assert {round(levelled(box, slope).top, 6) for box in long} == {round(0.5 - 0.2 * 0.05, 6)}


def test_letters_are_no_larger_for_lying_askew() -> None:
    straight = {one.text: one.size for one in segments_of(TABLE.document.pages[0])}

    for one in segments_of(tilted(TABLE.document.pages[0])):
        assert one.size == pytest.approx(straight[one.text], rel=0.1)
