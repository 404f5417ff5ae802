"""What is left of a strip when days, times and labels are taken out: names, places, remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kioku_vlm.page import Box
from kioku_vlm.rules.labels import Role, labels_in
from kioku_vlm.rules.naming_words import HAPPENING
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.place_words import ends_as_place
from kioku_vlm.rules.sighting import Sighting
from kioku_vlm.rules.strip import CELL_BREAK, Strip
from kioku_vlm.rules.traits import ADDRESS

_EDGE = " ,、.:;~-|/・=>→＊*※●◆■□○◎▪▶►•「"
_LEADING = re.compile(
    r"^(?:[\s,、.:;~|/・)=>→*※●◆■□○◎▪▶►•-]|(?:は|に|の|を|より|から|まで|に行う|on|at|"
    r"from)(?=[\s,、]|$)"
    r"|(?:に|で|は|を|から|より)(?=[^ぁ-ん]))+"
)
_TRAILING = re.compile(
    r"(?:(?<=..)[はがを]|[\s,、:;~|/・(=>→*-]|\s(?:は|に|on|at|from|by|until)(?=\s*$))+$"
)
_BRACKETED = re.compile(r"\(([^()]{2,})\)")
# A place behind a name: after a comma, "at", or, in Japanese, a gap.
_TAIL_PLACE = re.compile(
    r"(?:,\s|\s@\s?|\s(?:at|in)\s(?:the\s)?)(?P<place>[A-Z][^,@]{2,40})$"
    r"|(?<=[^\x00-\x7f])[\s、](?P<ja>\S{2,24})$"
)
_REMARK = re.compile(r"※|\s\*\s")


@dataclass(frozen=True)
class Piece:
    """Running text of a strip that is neither a moment nor a label.

    Attributes:
        strip: where it stands.
        start, end: in the strip's text.
        role: what a label, or the heading of its column, makes of it.
        label: the label's words; empty where there is none.
        remark: it stands in brackets or behind a mark such as ※.
    """

    strip: Strip
    start: int
    end: int
    role: Role | None = None
    label: str = ""
    remark: bool = False

    @property
    def passage(self) -> Passage:
        """Its characters."""
        return self.strip.passage.part(self.start, self.end)

    @property
    def text(self) -> str:
        """Its folded text."""
        return self.strip.text[self.start : self.end]

    @property
    def size(self) -> float:
        """Of its letters, in page heights."""
        return self.strip.cells[self.strip.cell_at(self.start)][0].size

    @property
    def place(self) -> Box:
        """Of the cell where it begins."""
        return self.strip.cells[self.strip.cell_at(self.start)][0].place


def pieces_of(strip: Strip, sightings: Sequence[Sighting]) -> tuple[Piece, ...]:
    """The pieces of a strip in its order."""
    taken = [span for one in sightings for span in _spans(one)]
    found: list[Piece] = []
    for start, end, role, label in _fields(strip):
        for from_, to in _without(start, end, taken):
            found += _parted(strip, from_, to, role, label)
    return tuple(piece for piece in found if piece.text.strip(_EDGE))


def _spans(one: Sighting) -> list[tuple[int, int]]:
    clocks = [_digits(one.strip.text, *clock.span) for clock in one.moment.clocks]
    bare = one.moment.start is None and not one.moment.rrule
    return clocks if bare else [one.moment.span, *clocks]


def _digits(text: str, start: int, end: int) -> tuple[int, int]:
    """A time without the English word before it, which may belong to a name: evening 4pm."""
    word = re.match(r"[a-z]+\s+(?=\d)", text[start:end], re.IGNORECASE)
    return start + (word.end() if word else 0), end


def _fields(strip: Strip) -> list[tuple[int, int, Role | None, str]]:
    """Cells, and in them the values of labels: start, end, role, label."""
    labels = labels_in(strip.text)
    cuts = (
        {0, len(strip.text)} | {label.start for label in labels} | {label.end for label in labels}
    )
    if strip.lines == 1:
        inner = [range(label.start + 1, label.end) for label in labels]
        cuts |= {at for _, at, _ in strip.cells if not any(at in one for one in inner)}
    bounds, found = sorted(cuts), []
    label_words, role = "", None
    for start, end in pairwise(bounds):
        opening = next((one for one in labels if one.start == start and one.end >= end), None)
        if opening is not None:
            role, label_words = opening.role, opening.words
            continue
        column = strip.roles.get(strip.cell_at(start)) if strip.lines == 1 else None
        found.append((start, end, Role(column) if column else role, label_words))
    return found


def _without(start: int, end: int, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a stretch without the spans that are taken."""
    parts, at = [], start
    for left, right in sorted(taken):
        if right <= at or left >= end:
            continue
        if left > at:
            parts.append((at, left))
        at = max(at, right)
    return [*parts, (at, end)] if at < end else parts


def _parted(strip: Strip, start: int, end: int, role: Role | None, label: str) -> list[Piece]:
    """Pieces of one stretch: its head, what stands in brackets as a place, its remarks."""
    text = strip.text[start:end]
    cut = _REMARK.search(text)
    if cut and cut.start() > 0:
        head = _parted(strip, start, start + cut.start(), role, label)
        return [*head, *_trimmed(strip, start + cut.end(), end, role, label, remark=True)]
    tail = _TAIL_PLACE.search(text)
    if tail and role in (None, Role.TITLE) and _named_at(text[: tail.start()], tail):
        head = _parted(strip, start, start + tail.start(), role, label)
        place = start + tail.start(tail.lastgroup or 0)
        return [*head, *_trimmed(strip, place, end, None, "", remark=True)]
    inner = next((one for one in _BRACKETED.finditer(text) if _of_place(one[1])), None)
    if inner:
        head = _trimmed(strip, start, start + inner.start(), role, label)
        body = _trimmed(strip, start + inner.start(1), start + inner.end(1), None, "", remark=True)
        return [*head, *body, *_parted(strip, start + inner.end(), end, role, label)]
    return _trimmed(strip, start, end, role, label)


def _named_at(head: str, tail: re.Match[str]) -> bool:
    """Whether the head names what happens, and the tail a place."""
    place = ends_as_place(tail[tail.lastgroup or 0])
    named = tail["ja"] is None or bool(HAPPENING.search(head))
    return place and not ends_as_place(head) and named


def _of_place(text: str) -> bool:
    return ends_as_place(text) or bool(ADDRESS.search(text))


def _trimmed(
    strip: Strip, start: int, end: int, role: Role | None, label: str, *, remark: bool = False
) -> list[Piece]:
    text = strip.text[start:end]
    lead, trail = _LEADING.match(text), _TRAILING.search(text)
    start += lead.end() if lead else 0
    end -= len(text) - trail.start() if trail else 0
    kept = strip.text[start:end]
    # A bracket that lost its moment: "(" … ")" around nothing, or only half of a pair.
    end -= kept.endswith(")") and "(" not in kept
    start += kept.startswith("(") and ")" not in kept
    if end - start < 1 or not any(letter.isalnum() for letter in strip.text[start:end]):
        return []
    if CELL_BREAK in strip.text[start:end] and strip.lines > 1:
        return [Piece(strip, start, end, role, label, remark)]
    return [Piece(strip, start, end, role, label, remark)]
