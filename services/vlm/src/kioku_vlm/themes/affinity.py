"""How well each theme of the lexicon fits each picture, and what says so.

Independent witnesses are joined by noisy-or, 1 - (1 - a)(1 - b)… (Pearl 1988). Each counts less the
more of the owner's pictures show it: inverse document frequency (Spärck Jones 1972), with the sum
of shares in place of a count, so that a label which the model gives to everything says little too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np

from kioku_vlm.themes.lexicon import Lexicon
from kioku_vlm.themes.theme import Floats, Seen, Witness

TAG_BELIEF = 0.8
NEIGHBOUR_BELIEF = 0.5
ENTRY_BELIEF = 0.7
OUT_OF_SEASON = 0.5
_PRIOR = 4.0  # pictures that show every theme alike, before any was looked at
_DAY = timedelta(days=1)
_ORDER = (Witness.LABEL, Witness.TAG, Witness.NEIGHBOUR_TAG, Witness.SCHEDULE)


@dataclass(frozen=True)
class Background:
    """What the owner's pictures show anyway; arrays of shape (themes,).

    Attributes:
        pictures: how many were looked at.
        shown: the sum of their shares.
        tagged: how many of them have a tag of the theme.
    """

    pictures: int
    shown: Floats
    tagged: Floats


def no_background(themes: int) -> Background:
    """Nothing was looked at: every theme weighs 1."""
    return Background(0, np.zeros(themes), np.zeros(themes))


def background_of(looks: Sequence[tuple[Floats, Iterable[str]]], lexicon: Lexicon) -> Background:
    """The background of pictures' shares and tags."""
    found = no_background(len(lexicon))
    for shares, tags in looks:
        found.shown.__iadd__(shares)
        for place in {lexicon.tagged(tag) for tag in tags} - {None}:
            found.tagged[place] += 1
    return Background(len(looks), found.shown, found.tagged)


def rarity(counts: Floats, pictures: int) -> Floats:
    """Weights, 0 to 1, of shape (themes,): 1 where a theme is on no more than its fair part.

    Args:
        counts: on how many of the pictures each theme is.
    """
    fair = 1.0 / len(counts)
    rate = (counts + _PRIOR * fair) / (pictures + _PRIOR)
    weights: Floats = np.minimum(1.0, np.log1p(1.0 / rate) / math.log1p(1.0 / fair))
    return weights


@dataclass(frozen=True)
class Affinity:
    """Arrays of shape (pictures, themes).

    Attributes:
        whole: how well a theme fits a picture, 0 to 1, by all witnesses.
        labels: the part that the model saw.
        by_witness: each witness alone.
    """

    whole: Floats
    labels: Floats
    by_witness: dict[Witness, Floats]

    def witnesses(self, picture: int, theme: int) -> tuple[Witness, ...]:
        """What speaks for it, the strongest first."""
        said = {one: float(array[picture, theme]) for one, array in self.by_witness.items()}
        return tuple(sorted((one for one in said if said[one] > 0), key=lambda one: -said[one]))


def affinity_of(
    pictures: Sequence[Seen], lexicon: Lexicon, background: Background, zone: tzinfo
) -> Affinity:
    """How well every theme fits every picture.

    Args:
        zone: in which days count.
    """
    by_tag = rarity(background.tagged, background.pictures)
    labels = np.stack([one.look.shares for one in pictures])
    labels = labels * rarity(background.shown, background.pictures)
    said = {
        Witness.LABEL: labels,
        Witness.TAG: by_tag * np.stack([_tagged(one.tags, lexicon) for one in pictures]),
        Witness.NEIGHBOUR_TAG: by_tag * np.stack([_near(one, lexicon) for one in pictures]),
        Witness.SCHEDULE: np.stack([_announced(one, lexicon) for one in pictures]),
    }
    doubt = np.prod([1.0 - np.clip(said[one], 0.0, 1.0) for one in _ORDER], axis=0)
    seasons = np.stack([_season(one.taken, lexicon, zone) for one in pictures])
    return Affinity((1.0 - doubt) * seasons, labels, said)


def _tagged(tags: Iterable[str], lexicon: Lexicon) -> Floats:
    found = np.zeros(len(lexicon))
    for tag in tags:
        place = lexicon.tagged(tag)
        if place is not None:
            found[place] = TAG_BELIEF
    return found


def _near(one: Seen, lexicon: Lexicon) -> Floats:
    """The part of the neighbours, weighed by their nearness, that a tag of the theme is on."""
    found = np.zeros(len(lexicon))
    whole = sum(max(0.0, near.score) for near in one.neighbours)
    for near in one.neighbours:
        for place in {lexicon.tagged(tag) for tag in near.tags} - {None}:
            found[place] += NEIGHBOUR_BELIEF * max(0.0, near.score) / (whole or 1.0)
    return found


def _announced(one: Seen, lexicon: Lexicon) -> Floats:
    found = np.zeros(len(lexicon))
    found[list(one.announced)] = ENTRY_BELIEF
    return found


def _season(taken: datetime | None, lexicon: Lexicon, zone: tzinfo) -> Floats:
    """1, or less for what belongs to another time of the year; a day more or less is let pass."""
    if taken is None:
        return np.ones(len(lexicon))
    local = taken.astimezone(zone)
    months = {(local + days).month for days in (-_DAY, timedelta(0), _DAY)}
    fits = [not theme.months or bool(theme.months & months) for theme in lexicon.themes]
    return np.where(fits, 1.0, OUT_OF_SEASON)
