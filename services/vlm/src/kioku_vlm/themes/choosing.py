"""Which themes to suggest: few that together fit all pictures, then the next best.

The first ones maximise the sum over pictures of how well the best chosen theme fits each (facility
location); taking the greatest gain each time is within 1 - 1/e of the best choice (Nemhauser,
Wolsey and Fisher 1978). A second theme of a family counts less, so that a few themes say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kioku_vlm.themes.theme import Floats


@dataclass(frozen=True)
class ChoiceRules:
    """What is good enough.

    Attributes:
        floor: a theme that fits a picture less than so much is none of it.
        gain: the least mean gain, over all pictures, of a theme that is taken to cover them.
        family: what a theme's gain is multiplied by when its family has one already.
        near: themes of a picture fit it at least so much, in parts of its best one's.
        same: cosine from which on two pictures count as one.
    """

    floor: float = 0.05
    gain: float = 0.01
    family: float = 0.7
    near: float = 0.5
    same: float = 0.97


@dataclass(frozen=True)
class Chosen:
    """A theme (its place in the lexicon) and places of its pictures, the best first."""

    theme: int
    score: float
    members: tuple[int, ...]


def weights_of(vectors: Floats, same: float) -> Floats:
    """Weights of shape (pictures,): near duplicates share the weight of one.

    Args:
        vectors: unit, of shape (pictures, dimension).
        same: cosine from which on two are near duplicates; chains of them count as one.
    """
    group = np.arange(len(vectors))
    alike = vectors @ vectors.T >= same
    for one, other in np.argwhere(np.triu(alike, 1)):
        group[group == group[other]] = group[one]
    sizes = np.bincount(group, minlength=len(vectors))
    weights: Floats = 1.0 / sizes[group]
    return weights


def choose(
    fits: Floats, weights: Floats, families: Sequence[str], most: int, rules: ChoiceRules
) -> list[Chosen]:
    """At most `most` themes, those that cover first.

    Args:
        fits: of shape (pictures, themes), 0 to 1.
        weights: of the pictures.
        families: of the themes.
    """
    choice = _Choice(np.where(fits >= rules.floor, fits, 0.0), weights, families, rules)
    choice.cover(most)
    choice.go_on(most)
    return choice.chosen()


class _Choice:
    """Themes as they are picked; `usable` has the shape (pictures, themes)."""

    def __init__(
        self, usable: Floats, weights: Floats, families: Sequence[str], rules: ChoiceRules
    ) -> None:
        self._usable = usable
        self._weights = weights
        self._families = families
        self._rules = rules
        self._picked: list[int] = []
        self._best = np.zeros(len(weights))

    def cover(self, most: int) -> None:
        """Pick the greatest gain until gains are small and every picture has a theme."""
        least = self._rules.gain * self._weights.sum()
        while len(self._picked) < most:
            discounts = self._discounts()
            more = np.maximum(self._usable - self._best[:, None], 0.0)
            gains = discounts * (self._weights @ more)
            if gains.max() < least:  # from here on for pictures that have none yet
                gains = discounts * ((self._weights * (self._best == 0)) @ self._usable)
            if gains.max() <= 0:
                return
            self._pick(int(np.argmax(gains)))

    def go_on(self, most: int) -> None:
        """Pick what is best by itself: alternatives for pictures that have a theme."""
        worth = self._weights @ self._usable
        while len(self._picked) < most:
            left = worth * self._discounts()
            left[self._picked] = 0.0
            if left.max() <= 0:
                return
            self._pick(int(np.argmax(left)))

    def chosen(self) -> list[Chosen]:
        """What was picked, in that order."""
        return [self._chosen(theme) for theme in self._picked]

    def _pick(self, theme: int) -> None:
        self._picked.append(theme)
        self._best = np.maximum(self._best, self._usable[:, theme])

    def _discounts(self) -> Floats:
        known = {self._families[theme] for theme in self._picked}
        return np.array([self._rules.family if one in known else 1.0 for one in self._families])

    def _chosen(self, theme: int) -> Chosen:
        column = self._usable[:, theme]
        inside = (column > 0) & (column >= self._rules.near * self._best)
        if not inside.any():  # an alternative that is weak everywhere has what it fits at all
            inside = column > 0
        members = sorted(np.flatnonzero(inside).tolist(), key=lambda picture: -column[picture])
        weights = self._weights[inside]
        return Chosen(theme, float(weights @ column[inside] / weights.sum()), tuple(members))
