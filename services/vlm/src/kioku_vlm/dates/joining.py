"""Ranges whose ends carry a time of day: 12/28 18:00〜1/3 9:00."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_vlm.dates.shape import Day, Found, Shift, Stretch, Times
from kioku_vlm.dates.tokens import Kind, Token

_TIES = (Kind.WAVE, Kind.DASH, Kind.FROM, Kind.TILL)


def joined(tokens: Sequence[Token], found: Sequence[Found]) -> list[Found]:
    """The same, with "day, time, tie, day" made one range; the times stay behind it."""
    result: list[Found] = []
    for one in found:
        if len(result) >= 2 and _is_range(tokens, result[-2], result[-1], one):
            time = result.pop()
            first = result.pop()
            assert isinstance(first.shape, (Day, Shift))  # noqa: S101 - seen by _is_range
            assert isinstance(one.shape, (Day, Shift))  # noqa: S101
            result.append(Found(first.begin, one.end, Stretch(first.shape, one.shape)))
            result.append(time)
            continue
        result.append(one)
    return result


def _is_range(tokens: Sequence[Token], first: Found, time: Found, last: Found) -> bool:
    if not isinstance(first.shape, (Day, Shift)) or not isinstance(last.shape, (Day, Shift)):
        return False
    if not isinstance(time.shape, Times) or time.shape.until is not None:
        return False
    if time.begin != first.end or last.begin - time.end > 1:
        return False
    return tokens[last.begin - 1].kind in _TIES
