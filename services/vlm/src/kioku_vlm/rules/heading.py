"""Names that stand apart from their days: the largest words, the heading of a section or card."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.rules.naming import Name, best, said_in
from kioku_vlm.rules.reading import Hypothesis, Reading

# A line of body size that names nothing has about 0; see `naming`.
_HEAD_FLOOR, _BOUNDARY = -1.2, 0.75
# What each strip between a heading and its day takes from it, where there are several headings.
_AWAY = 0.35
# A heading below this tells less than a sentence.
_TELLING = 0.6


def name_by_heading(events: Sequence[Hypothesis], taken: set[int], reading: Reading) -> None:
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


def name_by_section(
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
    if name is None or name.score < _TELLING:
        name, head = _said_anywhere(events, reading) or (name, head)
    for one in events:
        if name and (one.name is None or _better(name, one.name)):
            one.name, one.head, one.own = name, head, False


def _said_anywhere(events: Sequence[Hypothesis], reading: Reading) -> tuple[Name, int] | None:
    """What some sentence near the day says that happens, where no heading does."""
    day = events[0].order
    for strip in sorted(reading.strips, key=lambda strip: abs(strip.order - day)):
        name = said_in(strip.passage, 0)
        if name is not None and name.by == "sentence" and name.score > _TELLING:
            return name, strip.order
    return None


def _better(heading: Name, own: Name) -> bool:
    """Whether a heading names it better than its row or sentence; one that holds it does not."""
    holds = own.by == "sentence" and heading.passage.text in own.passage.text
    return heading.score > own.score + 0.3 and not holds


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
