"""Columns that have nothing to do with each other, apart from cells of one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from kioku_vlm.rules.segment import Segment
from kioku_vlm.rules.strip import rows_of

Rows = list[list[Segment]]
# Letters; a gutter between columns is at least so wide.
_GUTTER = 1.2


def regions(
    segments: Sequence[Segment],
    dated: Callable[[Segment], bool],
    named: Callable[[Segment], bool],
) -> list[Rows]:
    """Rows of one page in regions, top to bottom, left to right.

    A gutter parts two columns where each side has days *and* names of its own; otherwise what
    stands side by side is a row of cells (recursive XY cut: Nagy and Seth 1984, with types
    in place of gap widths).

    Args:
        segments: of the page.
        dated: whether a segment says a day.
        named: whether it could name something that happens.
    """
    rows, found, loose = rows_of(segments), list[Rows](), Rows()
    at = 0
    while at < len(rows):
        end, gutter = _run(rows, at, dated, named)
        if end == at:
            loose.append(rows[at])
            at += 1
            continue
        found += [loose] if loose else []
        loose = []
        found += _sides(rows[at:end], gutter, dated, named)
        at = end
    return found + ([loose] if loose else [])


def _sides(
    rows: Rows, gutter: float, dated: Callable[[Segment], bool], named: Callable[[Segment], bool]
) -> list[Rows]:
    flat = [segment for row in rows for segment in row]
    left = [segment for segment in flat if segment.place.right <= gutter]
    right = [segment for segment in flat if segment.place.right > gutter]
    return regions(left, dated, named) + regions(right, dated, named)


def _run(
    rows: Rows, start: int, dated: Callable[[Segment], bool], named: Callable[[Segment], bool]
) -> tuple[int, float]:
    """The rows from `start` that a gutter parts into columns: the end of them, and the gutter."""
    best = (start, 0.0)
    for left, right in _gaps(rows[start]):
        end, gutter = _extent(rows, start, left, right)
        block = rows[start:end]
        if end > best[0] and _independent(block, gutter, dated, named):
            best = (end, gutter)
    return best


def _gaps(row: Sequence[Segment]) -> list[tuple[float, float]]:
    pairs = pairwise(row)
    return [
        (one.place.right, other.place.left)
        for one, other in pairs
        if other.place.left - one.place.right > _GUTTER * min(one.size, other.size)
    ]


def _extent(rows: Rows, start: int, left: float, right: float) -> tuple[int, float]:
    """How far down the gap goes before a segment closes it, and the middle of what is left."""
    end = start
    for row in rows[start:]:
        inner = [one for one in row if one.place.right > left and one.place.left < right]
        for one in inner:
            if one.place.left + one.place.width / 2 < (left + right) / 2:
                left = max(left, one.place.right)
            else:
                right = min(right, one.place.left)
        if right - left < 0.8 * min(one.size for one in row):
            break
        end += 1
    return end, (left + right) / 2


def _independent(
    rows: Rows, gutter: float, dated: Callable[[Segment], bool], named: Callable[[Segment], bool]
) -> bool:
    """Whether both sides announce something by themselves, in as many rows as it takes."""
    flat = [segment for row in rows for segment in row]
    left = [segment for segment in flat if segment.place.right <= gutter]
    right = [segment for segment in flat if segment.place.right > gutter]
    return all(any(map(dated, side)) and any(map(named, side)) for side in (left, right))
