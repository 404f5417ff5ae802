"""Which moments are one thing that happens, what it is called, and which lines belong to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.naming import Name, best, said_in, score_of, task_in
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.rules.strip import Strip
from kioku_vlm.rules.traits import Trait, traits_of

# A line of body size that names nothing has about 0; see `naming`.
_ROW_FLOOR, _HEAD_FLOOR, _BOUNDARY = -0.6, -1.2, 0.75
_BETWEEN = ("", "・", ",", "、", "&", "and", "と", "/", "及び", "および", ", and")
# What each strip between a heading and its day takes from it, where there are several headings.
_AWAY = 0.35


@dataclass
class Hypothesis:
    """Something that may happen.

    Attributes:
        sighting: its day.
        name: what it is called, or None.
        own: the name stands in the strip of the day.
        head: order of the strip that holds the name.
        strips: orders of the strips in its scope.
    """

    sighting: Sighting
    name: Name | None = None
    own: bool = False
    head: int = -1
    strips: list[int] = field(default_factory=list)

    @property
    def order(self) -> int:
        """Of the strip with its day."""
        return self.sighting.strip.order


@dataclass(frozen=True)
class Reading:
    """Strips of a document in order, with what was found in each.

    Attributes:
        strips: in order; a strip's `order` is its index.
        sightings: by order.
        pieces: by order.
        body: the size of most letters.
    """

    strips: tuple[Strip, ...]
    sightings: Mapping[int, tuple[Sighting, ...]]
    pieces: Mapping[int, tuple[Piece, ...]]
    body: float


def hypotheses(reading: Reading) -> list[Hypothesis]:
    """All that the document may announce, in its order."""
    found = [
        Hypothesis(sighting)
        for strip in reading.strips
        for sighting in _joined_days(reading.sightings[strip.order])
        if sighting.nature not in (Nature.ISSUED, Nature.ASIDE, Nature.CLOCK)
    ]
    for one in found:
        _name_by_strip(one, found, reading)
    events = [one for one in found if one.sighting.nature is Nature.EVENT]
    taken = {one.order for one in found if one.own or one.sighting.nature is not Nature.EVENT}
    _name_by_section(events, found, reading)
    _name_by_heading(events, taken, reading)
    _name_others(found, reading)
    _scope(found, reading)
    return found


def _joined_days(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Days that follow each other in the text and the calendar are one (30日・31日)."""
    found: list[Sighting] = []
    for one in sightings:
        if found and _follows(found[-1], one):
            moment = replace(
                found[-1].moment, end=one.moment.end or one.moment.start,
                span=(found[-1].span[0], one.span[1]),
                clocks=found[-1].moment.clocks or one.moment.clocks,
            )  # fmt: skip
            found[-1] = replace(found[-1], moment=moment)
        else:
            found.append(one)
    return _sharing_clocks(found)


def _sharing_clocks(days: list[Sighting]) -> list[Sighting]:
    """Days of one list have the time that is told behind the last of them."""
    for at in range(len(days) - 1, 0, -1):
        one, other = days[at - 1], days[at]
        between = one.strip.text[one.span[1] : other.span[0]].strip()
        if not one.moment.clocks and other.moment.clocks and between in _BETWEEN:
            days[at - 1] = replace(one, moment=replace(one.moment, clocks=other.moment.clocks))
    return days


def _follows(one: Sighting, other: Sighting) -> bool:
    first, second = one.moment, other.moment
    last = first.end or first.start
    if last is None or second.start is None or first.rrule or second.rrule:
        return False
    between = one.strip.text[one.span[1] : other.span[0]].strip()
    apart = (first.clocks and second.clocks) or one.nature is not other.nature
    return between in _BETWEEN and not apart and (second.start - last == timedelta(days=1))


def _name_by_strip(one: Hypothesis, found: Sequence[Hypothesis], reading: Reading) -> None:
    """A name beside the day: in its row, or in its sentence."""
    strip = one.sighting.strip
    passage, position = _masked(strip, reading), one.sighting.span[0]
    if one.sighting.nature is Nature.DEADLINE:
        one.name = task_in(passage, position)
    sentence = strip.lines > 1 or Trait.SENTENCE in traits_of(strip.text)
    if one.name is None and sentence:
        one.name = said_in(passage, position)
    if one.name is None:
        floor = _ROW_FLOOR if not sentence else 0.5
        one.name = best(_beside(one, found, reading), reading.body, "row", floor)
    one.own, one.head = one.name is not None, strip.order


def _masked(strip: Strip, reading: Reading) -> Passage:
    """A strip's text where no name can hold a moment."""
    text = strip.text
    for start, end in (one.span for one in reading.sightings[strip.order]):
        text = text[:start] + "\x1f" * (end - start) + text[end:]
    return Passage(text, strip.passage.glyphs)


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


def _name_by_heading(events: Sequence[Hypothesis], taken: set[int], reading: Reading) -> None:
    """The largest fitting words name a lone event; of several, each has the heading near it."""
    if len({(one.sighting.moment.start, one.sighting.moment.rrule) for one in events}) == 1:
        _name_alone(events, taken, reading)
        return
    nameless = [one for one in events if one.name is None]
    groups = _groups(nameless, taken, reading)
    above = bool(groups) and _headings(range(groups[0][0].order), taken, reading, _BOUNDARY)
    for at, group in enumerate(groups):
        start = groups[at - 1][-1].order + 1 if at else 0
        stop = groups[at + 1][0].order if at + 1 < len(groups) else len(reading.strips)
        span = range(start, group[0].order) if above else range(group[-1].order, stop)
        name, head = _near_head(span, group, taken, reading)
        if name is None:
            name, head = _head(range(len(reading.strips)), taken, reading, _HEAD_FLOOR)
        for one in group:
            one.name, one.head = name, head


def _name_by_section(
    events: Sequence[Hypothesis], found: Sequence[Hypothesis], reading: Reading
) -> None:
    """The heading right above a sentence names it better than words that only may be a name."""
    for one in events:
        if one.name is None or one.name.by != "sentence":
            continue
        before = max((other.order for other in found if other.order < one.order), default=-1)
        name, head = _head(range(max(before + 1, one.order - 3), one.order), set(), reading, 0.3)
        if name and name.score > one.name.score and reading.strips[head].size > 1.12 * reading.body:
            one.name, one.head = name, head


def _name_alone(events: Sequence[Hypothesis], taken: set[int], reading: Reading) -> None:
    taken = taken - {one.order for one in events}
    name, head = _head(range(len(reading.strips)), taken, reading, _HEAD_FLOOR)
    for one in events:
        if name and (one.name is None or name.score > one.name.score + 0.3):
            one.name, one.head, one.own = name, head, False


def _groups(
    nameless: Sequence[Hypothesis], taken: set[int], reading: Reading
) -> list[list[Hypothesis]]:
    """Days without a name of their own, parted by the headings between them."""
    groups: list[list[Hypothesis]] = []
    for one in nameless:
        last = groups[-1][-1].order if groups else -1
        between = range(last + 1, one.order)
        if groups and not _headings(between, taken, reading, _BOUNDARY):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _headings(span: range, taken: set[int], reading: Reading, floor: float) -> bool:
    return _head(span, taken, reading, floor)[0] is not None


def _head(span: range, taken: set[int], reading: Reading, floor: float) -> tuple[Name | None, int]:
    """The likeliest name among strips without a name's owner, and the order of its strip."""
    found: tuple[Name | None, int] = (None, -1)
    for order in span:
        if order in taken:
            continue
        name = best(reading.pieces[order], reading.body, "heading", floor)
        if name and (found[0] is None or name.score > found[0].score + 0.05):
            found = (name, order)
    return found


def _near_head(
    span: range, group: Sequence[Hypothesis], taken: set[int], reading: Reading
) -> tuple[Name | None, int]:
    """The likeliest heading of a group: each strip between it and the days counts against it."""
    found = []
    for order in span:
        name = (
            None
            if order in taken
            else best(reading.pieces[order], reading.body, "heading", _HEAD_FLOOR)
        )
        if name is not None:
            away = max(
                0,
                abs(order - min((one.order for one in group), key=lambda at: abs(at - order))) - 1,
            )
            found.append((name.score - _AWAY * away, order, name))
    if not found:
        return None, -1
    _, order, name = max(found, key=lambda one: one[:2])
    return name, order


def _name_others(found: Sequence[Hypothesis], reading: Reading) -> None:
    """Deadlines, closures and notices without a name have that of their label or words."""
    for one in found:
        if one.name is None and one.sighting.nature is not Nature.EVENT:
            one.name = _label_name(one.sighting) or _own_words(one, reading)
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


def _scope(found: Sequence[Hypothesis], reading: Reading) -> None:
    """Which strips say something of which hypothesis."""
    events = [one for one in found if one.sighting.nature is Nature.EVENT]
    owned = {one.order for one in found if one.own or one.sighting.nature is not Nature.EVENT}
    starts = sorted({_begin(one) for one in events})
    many = sum(one.own for one in events) > 1
    for one in found:
        one.strips = [one.order]
        if one.sighting.nature is not Nature.EVENT:
            continue
        end = min((start for start in starts if start > one.order), default=len(reading.strips))
        if one.own and many:
            one.strips += _below(one.order, end, owned, reading)
            continue
        begin, end = (0, len(reading.strips)) if len(starts) == 1 else (_begin(one), end)
        free = (order for order in range(begin, end) if order not in owned and order != one.order)
        one.strips += sorted(free, key=lambda order: abs(order - one.order))


def _begin(one: Hypothesis) -> int:
    return min(one.order, one.head) if one.head >= 0 else one.order


def _below(order: int, end: int, owned: set[int], reading: Reading) -> list[int]:
    """Strips under a row that go on with it: indented or labelled, and near."""
    found: list[int] = []
    row = reading.strips[order]
    last = row
    for strip in reading.strips[order + 1 : end]:
        near = strip.page == last.page and strip.place.top - last.place.bottom < 1.6 * row.size
        inner = strip.place.left > row.place.left + 0.9 * row.size
        labelled = any(piece.role for piece in reading.pieces[strip.order])
        if strip.order in owned or not near or not (inner or labelled):
            break
        found.append(strip.order)
        last = strip
    return found
