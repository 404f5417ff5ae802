"""Ranges that are written in two lines, days that were moved, and days with several sessions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from kioku_vlm.dates.moment import Clock, Cue
from kioku_vlm.rules.sighting import Nature, Sighting

_FROM = re.compile(r"^\s*(?:から|より|~|-)\s*$|^\s*(?:から|より)")
_UNTIL = re.compile(r"^\s*まで(?!に)")
_ARRIVES = frozenset({"到着", "帰着", "帰校", "終了", "解散"})
_LEAVES = frozenset({"出発", "集合", "開始"})
# From one session to the next: 14:00/18:30, 11時・15時.
_BETWEEN_SESSIONS = re.compile(r"\s*(?:開演|開始|~|-)?\s*(?:[/・、,&と]|および|及び)\s*")


def spanned(days: Sequence[Sighting]) -> list[Sighting]:
    """Days of a document in its order, where a beginning and an end in the next line are one."""
    found: list[Sighting] = []
    for one in days:
        if found and _ends(found[-1], one):
            found[-1] = _united(found[-1], one)
        else:
            found.append(one)
    return [session for one in found for session in sessions(one)]


def _ends(first: Sighting, second: Sighting) -> bool:
    begin, end = first.moment.start, second.moment.start
    if begin is None or end is None or first.moment.end or not begin <= end:
        return False
    near = second.strip.order - first.strip.order == 1 and first.nature is second.nature
    if not near or first.nature not in (Nature.EVENT, Nature.CLOSED):
        return False
    labels = [one.label.words if one.label else "" for one in (first, second)]
    travels = labels[0] in _LEAVES and labels[1] in _ARRIVES
    from_to = _FROM.match(_behind(first)) and _UNTIL.match(_behind(second))
    return travels or bool(from_to)


def _behind(one: Sighting) -> str:
    """What follows the day and the times that belong to it."""
    clocks = [clock.span[1] for clock in one.moment.clocks]
    text = one.strip.text[max([one.span[1], *clocks]) :]
    held = one.moment.clocks and one.moment.clocks[-1].raw.endswith(("まで", "から"))
    return one.moment.clocks[-1].raw[-2:] + text if held else text


def _united(first: Sighting, second: Sighting) -> Sighting:
    """One sighting with the end of the second, whose time is read where it stands."""
    clocks = first.moment.clocks
    if clocks and second.moment.clocks:
        last = second.moment.clocks[0]
        clocks = (replace(clocks[0], until=last.minutes), *clocks[1:])
    moment = replace(first.moment, end=second.moment.start, clocks=clocks)
    return replace(first, moment=moment)


def sessions(one: Sighting) -> list[Sighting]:
    """A sighting for each of the times that only stand beside each other behind a day."""
    clocks = one.moment.clocks
    if len(clocks) < 2 or one.moment.rrule or one.moment.end or one.nature is not Nature.EVENT:
        return [one]
    if not all(_session(clock) for clock in clocks) or not _listed(one.strip.text, clocks):
        return [one]
    return [replace(one, moment=replace(one.moment, clocks=(clock,))) for clock in clocks]


def _session(clock: Clock) -> bool:
    return clock.cue in (Cue.NONE, Cue.START)


def _listed(text: str, clocks: Sequence[Clock]) -> bool:
    return all(
        _BETWEEN_SESSIONS.fullmatch(text[one.span[1] : other.span[0]])
        for one, other in pairwise(clocks)
    )
