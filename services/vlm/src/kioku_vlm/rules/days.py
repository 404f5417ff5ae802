"""Days that stand beside each other in a text: one range, or a list with one time for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from kioku_vlm.rules.sighting import Sighting

_BETWEEN = ("", "・", ",", "、", "&", "and", "と", "/", "及び", "および", ", and")


def joined_days(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Days that follow each other in the text and the calendar are one (30日・31日)."""
    found: list[Sighting] = []
    apart = _listed_apart(sightings)
    for one in sightings:
        if found and not apart and _follows(found[-1], one):
            moment = replace(
                found[-1].moment, end=one.moment.end or one.moment.start,
                span=(found[-1].span[0], one.span[1]),
                clocks=found[-1].moment.clocks or one.moment.clocks,
            )  # fmt: skip
            found[-1] = replace(found[-1], moment=moment)
        else:
            found.append(one)
    return _sharing_clocks(found)


def _listed_apart(sightings: Sequence[Sighting]) -> bool:
    """Whether three and more days are listed that do not all follow each other (24, 25 and 27)."""
    days = [one.moment.start for one in sightings if one.moment.start and not one.moment.end]
    steps = [(after - before).days for before, after in pairwise(days)]
    return len(steps) > 1 and 1 in steps and max(steps) > 1


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
