"""From the lines of a document to its strips in order: cells, columns, paragraphs, headings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kioku_vlm.page import Document, Page
from kioku_vlm.rules.columns import regions
from kioku_vlm.rules.grid import grid_rows, within_grid
from kioku_vlm.rules.labels import Role, role_of
from kioku_vlm.rules.naming_words import HAPPENING
from kioku_vlm.rules.passage import joined
from kioku_vlm.rules.segment import Segment, body_size, segments_of
from kioku_vlm.rules.strip import Strip, paragraphs, sentences, strip_of
from kioku_vlm.rules.suspicion import orders
from kioku_vlm.rules.table import headed
from kioku_vlm.rules.timetable import timetable_rows
from kioku_vlm.rules.traits import Trait, traits_of

# The role of a cell that heads a column of a week's timetable.
WEEKLY = Role.WEEKLY.value


@dataclass(frozen=True)
class Layout:
    """All strips of a document.

    Attributes:
        strips: in order.
        regions: number of the region of each strip, by its order.
        body: the size of most letters.
    """

    strips: tuple[Strip, ...]
    regions: tuple[int, ...]
    body: float


def layout_of(document: Document, dated: Callable[[str], bool]) -> Layout:
    """The layout of all pages; lines that speak to a machine have no place in it."""
    strips: list[Strip] = []
    numbers: list[int] = []
    every: tuple[Segment, ...] = ()
    for page in document.pages:
        segments = _spread_labels(segments_of(_clean(page)))
        every += segments
        held = within_grid(segments)
        days = [replace(strip_of(row), roles={0: "when"}) for row in grid_rows(segments)]
        segments = tuple(one for at, one in enumerate(segments) if at not in held)
        week = timetable_rows(segments)
        days += [replace(strip_of(row), roles={0: WEEKLY, 1: "time"}) for row in week]
        taken = {id(one) for row in week for one in row}
        segments = tuple(one for one in segments if id(one) not in taken)
        for rows in regions(segments, lambda one: dated(one.text), _names):
            found = [one for strip in headed(paragraphs(rows)) for one in sentences(strip)]
            numbers += [numbers[-1] + 1 if numbers else 0] * len(found)
            strips += found
        numbers += [numbers[-1] + 1 if numbers else 0] * len(days)
        strips += days
    ordered = tuple(replace(strip, order=at) for at, strip in enumerate(strips))
    return Layout(ordered, tuple(numbers), body_size(every))


def _clean(page: Page) -> Page:
    return replace(page, lines=tuple(line for line in page.lines if not orders(line)))


def _names(segment: Segment) -> bool:
    """Whether a segment could name something: letters that are no typed value or sentence."""
    text = segment.text
    forms = traits_of(text) - {Trait.ORGANISATION, Trait.EDITION}
    letters = sum(letter.isalpha() for letter in text)
    return (letters >= 3 and not forms and role_of(text) is None) or bool(HAPPENING.search(text))


def _spread_labels(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Labels whose letters are spread over the line (日　　時) are one segment again."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if last is not None and _one_label(last, segment):
            passage = joined([last.passage, segment.passage])
            width = segment.place.right - last.place.left
            found[-1] = replace(last, passage=passage, place=replace(last.place, width=width))
        else:
            found.append(segment)
    return tuple(found)


def _one_label(left: Segment, right: Segment) -> bool:
    short = len(left.text) <= 3 and len(right.text) == 1 and not right.text.isascii()
    level = abs(left.place.top - right.place.top) < 0.5 * left.size
    near = 0 < right.place.left - left.place.right < 4 * left.size
    return short and level and near and role_of(left.text + right.text) is not None
