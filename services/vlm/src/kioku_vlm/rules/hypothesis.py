"""Which moments are one thing that happens, what it is called, and which lines belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kioku_vlm.rules.closing import closes, closure, request, shuts
from kioku_vlm.rules.days import joined_days
from kioku_vlm.rules.heading import name_by_heading, name_by_section
from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.naming import Name, best, said_in, score_of, task_in
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.rules.scoping import scope
from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.rules.spanning import spanned
from kioku_vlm.rules.strip import Strip
from kioku_vlm.rules.traits import Trait, traits_of

# A line of body size that names nothing has about 0; see `naming`.
_ROW_FLOOR = -0.6
# White space to every pattern, and to nobody who reads a name.
_MASK = "\x1f"


def hypotheses(reading: Reading) -> list[Hypothesis]:
    """All that the document may announce, in its order."""
    days = [
        sighting
        for strip in reading.strips
        for sighting in joined_days(reading.sightings[strip.order])
        if sighting.nature not in (Nature.ISSUED, Nature.ASIDE, Nature.CLOCK)
    ]
    found = [Hypothesis(sighting) for sighting in spanned(days)]
    for one in found:
        _close_by_heading(one, reading)
        _name_by_strip(one, found, reading)
    events = [one for one in found if one.sighting.nature is Nature.EVENT]
    taken = {one.order for one in found if one.own or one.sighting.nature is not Nature.EVENT}
    name_by_section(events, found, reading)
    name_by_heading(events, taken, reading)
    for one in events:
        if one.name is not None and not one.own and closes(one.name):
            one.sighting = replace(one.sighting, nature=Nature.CLOSED)
    _name_others(found, reading)
    scope(found, reading)
    return found


def _close_by_heading(one: Hypothesis, reading: Reading) -> None:
    """A day alone under words that say that something closes is when it is closed."""
    strip = one.sighting.strip
    if one.sighting.nature is not Nature.EVENT or one.order == 0 or reading.pieces[one.order]:
        return
    above = reading.strips[one.order - 1]
    large = above.size > 1.05 * reading.body and above.page == strip.page
    if large and not reading.sightings[above.order] and shuts(above.passage):
        one.sighting = replace(one.sighting, nature=Nature.CLOSED)


def _name_by_strip(one: Hypothesis, found: Sequence[Hypothesis], reading: Reading) -> None:
    """A name beside the day: in its row, or in its sentence."""
    strip = one.sighting.strip
    passage, position = _masked(strip, reading), one.sighting.span[0]
    if one.sighting.nature is Nature.CLOSED:
        one.name = _label_name(one.sighting) or closure(passage, _above(one, found), reading)
        one.own = one.name is not None
        return
    if one.sighting.nature is Nature.DEADLINE:
        one.name = task_in(passage, position)
    sentence = strip.lines > 1 or Trait.SENTENCE in traits_of(strip.text)
    if one.name is None and sentence:
        one.name = said_in(passage, position)
    if one.name is None:
        due = one.sighting.nature is Nature.DEADLINE and request(passage) is not None
        floor = 0.5 if sentence or due else _ROW_FLOOR
        one.name = best(_beside(one, found, reading), reading.body, "row", floor)
    one.own, one.head = one.name is not None, strip.order


def _above(one: Hypothesis, found: Sequence[Hypothesis]) -> range:
    """Strips whose heading may name a closure: those since the day before."""
    before = [other.order for other in found if other.order < one.order]
    return range(max(before, default=-1) + 1, one.order)


def _masked(strip: Strip, reading: Reading) -> Passage:
    """A strip's text where no name can hold a moment."""
    text = strip.text
    for start, end in _moments(reading.sightings[strip.order]):
        wider = text[start - 1 : start] == "(" and text[end : end + 1] == ")"
        left, right = start - wider, end + wider
        text = text[:left] + _MASK * (right - left) + text[right:]
    return Passage(text, strip.passage.glyphs)


def _moments(sightings: Sequence[Sighting]) -> list[tuple[int, int]]:
    """Spans of all days and times."""
    clocks = [clock.span for one in sightings for clock in one.moment.clocks]
    return [*(one.span for one in sightings), *clocks]


def _beside(one: Hypothesis, found: Sequence[Hypothesis], reading: Reading) -> list[Piece]:
    """Pieces of the strip that belong to this day and not to another one of the strip."""
    pieces = list(reading.pieces[one.order])
    others = [
        other.sighting.span for other in found if other.order == one.order and other is not one
    ]
    if not others:
        return pieces
    leads = not any(
        piece.start < min(others)[0] and piece.end <= one.sighting.span[0] for piece in pieces
    )
    start, end = one.sighting.span
    if leads:
        stop = min(
            (left for left, _ in others if left >= end), default=len(one.sighting.strip.text)
        )
        return [piece for piece in pieces if end <= piece.start < stop]
    begin = max((right for _, right in others if right <= start), default=0)
    return [piece for piece in pieces if begin <= piece.start and piece.end <= start]


def _name_others(found: Sequence[Hypothesis], reading: Reading) -> None:
    """Deadlines, closures and notices without a name have that of their label or words."""
    for one in found:
        if one.name is None and one.sighting.nature is not Nature.EVENT:
            asked = request(one.sighting.strip.passage)
            one.name = _label_name(one.sighting) or asked or _own_words(one, reading)
            one.own = one.name is not None


def _label_name(sighting: Sighting) -> Name | None:
    label = sighting.label
    if label is None or label.role not in (Role.DEADLINE, Role.APPLY, Role.CLOSED):
        return None
    text = sighting.strip.text[label.start : label.end]
    start = label.start + next(at for at, letter in enumerate(text) if letter.isalpha())
    words = sighting.strip.text[start : label.end].rstrip(" :;)]】〕>》は")
    return Name(sighting.strip.passage.part(start, start + len(words)), 0.5, "label")


def _own_words(one: Hypothesis, reading: Reading) -> Name | None:
    """The longest piece of its strip, as it stands."""
    pieces = [piece for piece in reading.pieces[one.order] if len(piece.text) < 40]
    if not pieces:
        return None
    piece = max(pieces, key=lambda piece: score_of(piece, reading.body))
    return Name(piece.passage, -0.5, "words")
