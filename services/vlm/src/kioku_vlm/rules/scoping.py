"""Which strips say something of which hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.rules.sighting import Nature


def scope(found: Sequence[Hypothesis], reading: Reading) -> None:
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
