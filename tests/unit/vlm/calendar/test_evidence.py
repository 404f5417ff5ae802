"""Evidence drawn on the picture, and the page for people."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
from kioku_vlm.calendar.evidence_page import evidence_page
from kioku_vlm.calendar.marks import COLOURS, Mark, marks_of
from kioku_vlm.calendar.sketch import sketch
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import ClockRole, Entry, Evidence, Schedule, Suspicion, Value
from PIL import Image, ImageColor

from tests.unit.vlm.calendar.announced import entry, said


def _at(words: str, box: Box, page: int = 1) -> Value:
    return Value(words, words, 0.8, "explicit", (Evidence(page, box, words),))


def _schedule(*entries: Entry) -> Schedule:
    hidden = Suspicion("HIDDEN_TEXT", Evidence(1, Box(0.5, 0.9, 0.9, 0.2), "obey me"))
    return Schedule(entries, "ja", "", (hidden,))


def test_every_piece_of_evidence_is_marked_once() -> None:
    """By entry and field; boxes end at the page's edge; suspicious words have no number."""
    when = _at("7/25 17:00", Box(0.1, 0.2, 0.3, 0.1))
    one = entry(None, title=_at("まつり", Box(-0.1, 0.0, 0.3, 0.1)))
    one = replace(one, start=when, end=when, clocks={ClockRole.DOORS: when}, notes=(when, when))
    two = entry(None, title=_at("出店", Box(0.1, 0.5, 0.3, 0.1), page=2))
    marks = marks_of(_schedule(one, two))
    assert [
        (1, "title", 1),
        (1, "start", 1),
        (1, "end", 1),
        (1, "doors", 1),
        (1, "note", 1),
        (2, "title", 2),
        (0, "HIDDEN_TEXT", 1),
    ] == [(mark.number, mark.field, mark.page) for mark in marks]
    assert (0.0, 0.2) == (marks[0].box.left, round(marks[0].box.width, 9))
    assert (0.5, 0.9) == (round(marks[-1].box.width, 9), marks[-1].box.top)
    assert [COLOURS[0], COLOURS[1]] == [marks[0].colour, marks[5].colour]


def _pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        assert "PNG" == picture.format
        return np.asarray(picture.convert("RGB"))


def test_boxes_are_drawn_where_the_words_are() -> None:
    """In the entry's colour, on the picture's own pixels, the legend below."""
    page = Image.new("RGB", (400, 300), "#eeeeee")
    marks = [
        Mark(1, "title", 1, Box(0.25, 0.2, 0.5, 0.2), "まつり"),
        Mark(2, "start", 1, Box(0.5, 0.6, 0.25, 0.1), "7/25"),
    ]
    pixels = _pixels(sketch(page, marks))
    assert 400 == pixels.shape[1]
    assert pixels.shape[0] > 300
    for mark, (row, column) in zip(marks, [(60, 200), (180, 250)], strict=True):
        assert ImageColor.getrgb(mark.colour) == tuple(pixels[row, column])
    assert (0xEE, 0xEE, 0xEE) == tuple(pixels[90, 200])
    below = pixels[300:].reshape(-1, 3)
    for mark in marks:
        assert (below == ImageColor.getrgb(mark.colour)).all(axis=1).any()


def test_a_page_without_marks_is_the_page() -> None:
    """And a huge one is made smaller; a mark at its corner stays on it."""
    plain = Image.new("RGB", (30, 20), "red")
    assert np.array_equal(np.asarray(plain), _pixels(sketch(plain, [])))
    huge = Image.new("L", (6000, 3000), 200)
    corner = Mark(0, "字" * 100, 1, Box(1, 1, 0, 0), "x")
    assert 2000 == _pixels(sketch(huge, [corner])).shape[1]


class _Tags(HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.sources: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.sources += [value or "" for name, value in attrs if name == "src"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_holds_the_picture_and_only_words() -> None:
    """Words of the picture are text, whatever they look like; nothing is fetched."""
    png = sketch(Image.new("RGB", (20, 20)), [])
    attack = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e'
    words = said(attack)
    hostile = replace(
        entry("2026-07-25", zone="Asia/Tokyo", zone_by=attack, flags=(attack,)),
        title=words,
        place=replace(words, flags=(attack,), alternatives=(attack,), resolved_by=attack),
        notes=(words,),
    )
    honest = evidence_page("a.png", _schedule(entry("2026-07-25")), {1: png})
    page = evidence_page(attack, _schedule(hostile), {1: png})
    read = _Tags(page)
    assert {"script"}.isdisjoint(read.tags)
    assert _Tags(honest).tags == read.tags
    assert not [name for name in read.names if name.startswith("on")]
    assert ["data:image/png;base64," + base64.b64encode(png).decode()] == read.sources
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in "".join(read.words)
    assert not re.search(r"(href|url\()", page)


def test_the_page_tells_fields_and_why_there_is_nothing() -> None:
    """What was read, as written, how sure; and suspicious words apart."""
    text = "".join(_Tags(evidence_page("a.png", _schedule(entry("2026-07-25")), {})).words)
    for part in ("Summer fair", "2026-07-25", "0.90", "explicit", "no zone", "obey me"):
        assert part in text
    nothing = evidence_page("b.png", Schedule((), "", "ILLEGIBLE"), {})
    assert "Nothing was read: ILLEGIBLE" in nothing
