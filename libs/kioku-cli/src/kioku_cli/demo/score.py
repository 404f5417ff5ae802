"""What counts as a hit in the demonstration, and how good an answer could have been at best.

For a caption of a drawn scene:
recall@n: 1 when the caption's own scene is among the first n results;
precision@5, same kind: share of the first five results that are drawn scenes in which the
    caption's main kind of thing appears, in whatever colour;
precision@5, same kind and colour: the same, and in the caption's colour.
Photographs never count. `possible` is the precision of an ideal answer: few of the scenes share
a kind, fewer a kind and a colour, so that it is below one. `chance` is that of a random answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from kioku_cli.demo.library import Drawn

_FIRST = 5


@dataclass(frozen=True)
class Precision:
    """The share of good ones among the first five, and what it could and would be."""

    reached: float
    possible: float
    chance: float


@dataclass(frozen=True)
class Score:
    """One answer, or the mean of several."""

    recall_at_1: float
    recall_at_5: float
    kind: Precision
    kind_and_colour: Precision


def score(query: Drawn, names: Sequence[str], library: Mapping[str, Drawn], size: int) -> Score:
    """Judge one answer.

    Args:
        query: the scene whose caption was asked for.
        names: file names of the results, best first.
        library: every drawn scene by file name.
        size: how many pictures could be found in all.
    """
    same_kind = {name for name, drawn in library.items() if _shows_kind(drawn, query)}
    same_both = {name for name, drawn in library.items() if query.main in drawn.things}
    first = list(names[:_FIRST])
    return Score(
        recall_at_1=float(query.path.name in names[:1]),
        recall_at_5=float(query.path.name in first),
        kind=_precision(first, same_kind, size),
        kind_and_colour=_precision(first, same_both, size),
    )


def good_names(query: Drawn, library: Mapping[str, Drawn]) -> set[str]:
    """Names of the scenes that count as the same kind and colour."""
    return {name for name, drawn in library.items() if query.main in drawn.things}


def mean(scores: Sequence[Score]) -> Score:
    """The mean of every number. Raises StatisticsError for none."""
    return Score(
        recall_at_1=fmean(one.recall_at_1 for one in scores),
        recall_at_5=fmean(one.recall_at_5 for one in scores),
        kind=_mean([one.kind for one in scores]),
        kind_and_colour=_mean([one.kind_and_colour for one in scores]),
    )


def _shows_kind(drawn: Drawn, query: Drawn) -> bool:
    return any(kind == query.main[0] for kind, _ in drawn.things)


def _precision(first: Sequence[str], good: set[str], size: int) -> Precision:
    reached = sum(name in good for name in first) / _FIRST
    return Precision(reached, min(_FIRST, len(good)) / _FIRST, len(good) / max(1, size))


def _mean(several: Sequence[Precision]) -> Precision:
    return Precision(
        fmean(one.reached for one in several),
        fmean(one.possible for one in several),
        fmean(one.chance for one in several),
    )
