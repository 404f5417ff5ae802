"""The short texts a batch learns from beside full captions, as a person might type them.

Every thing of a picture is a row of numbers, one for each attribute, and a short text asks
for some of them.  So one text can be true of many pictures in a batch, and all are told.
"""

import random
from dataclasses import dataclass

import numpy as np
from kioku_scenes.kinds import KINDS
from kioku_scenes.layout import Layout, Thing
from kioku_scenes.words import BACKDROPS, COLOURS, COUNTS, LINES, PLACES, SIZES, TEXTURES, Term
from numpy.typing import NDArray

KIND, COLOUR, TEXTURE, COUNT, PLACE = range(5)
NUMBERS: tuple[dict[str, int], ...] = (
    {kind.name: number for number, kind in enumerate(KINDS)},
    {name: number for number, name in enumerate(COLOURS)},
    {name: number for number, name in enumerate(("", *TEXTURES))},
    {name: number for number, name in enumerate(("1", *COUNTS))},
    {name: number for number, name in enumerate((*PLACES, *LINES))},
)
SIZE_NUMBERS = {name: number for number, name in enumerate(SIZES)}
_NAMES = tuple(tuple(numbers) for numbers in NUMBERS)
_BACKDROPS = tuple(BACKDROPS)
THINGS = 3
_KINDS_ASKED = 36
_SIDES = {"above": "top", "below": "bottom", "left": "left", "right": "right"}
_OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


@dataclass(frozen=True)
class Query:
    """A short text true of each picture in which one thing has all the wanted numbers."""

    english: str
    japanese: str
    wanted: tuple[tuple[int, int], ...]
    backdrop: int | None = None

    def matches(self, facts: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Which rows of facts, int16 (n, THINGS * 5 + 1), the query is true of: bool (n,)."""
        things = facts[:, :-1].reshape(len(facts), THINGS, len(NUMBERS))
        fits = np.ones(things.shape[:2], np.bool_)
        for attribute, number in self.wanted:
            fits &= things[:, :, attribute] == number
        true: NDArray[np.bool_] = np.asarray(fits.any(axis=1))
        if self.backdrop is not None:
            true &= facts[:, -1] == self.backdrop
        return true


def facts_row(layout: Layout) -> list[int]:
    """The attributes' numbers of up to THINGS things, -1 for a missing thing, and the backdrop."""
    row = [-1] * (THINGS * len(NUMBERS))
    for index, thing in enumerate(layout.things):
        values = _values(thing, _place_of(layout, index))
        numbers = [known[value] for known, value in zip(NUMBERS, values, strict=True)]
        row[index * len(NUMBERS) : (index + 1) * len(NUMBERS)] = numbers
    return [*row, _BACKDROPS.index(layout.backdrop)]


def _values(thing: Thing, place: str) -> tuple[str, ...]:
    return thing.kind, thing.colour, thing.texture, str(thing.count), place


def _place_of(layout: Layout, index: int) -> str:
    """Where the layout puts its thing of that index: a place of PLACES or a line of LINES."""
    if layout.form in ("alone", "group"):
        return layout.arrangement
    if layout.form == "pair":
        side = _SIDES[layout.arrangement]
        return side if index == 0 else _OPPOSITE[side]
    ends = ("left", "middle", "right") if layout.arrangement == "across" else None
    return (ends or ("top", "middle", "bottom"))[index]


def naming_queries(rng: random.Random) -> list[Query]:
    """A query for each of some kinds, and for every colour, texture, count and place."""
    kinds = rng.sample(range(len(KINDS)), _KINDS_ASKED)
    wanted = [(KIND, number) for number in kinds]
    wanted += [(COLOUR, number) for number in range(len(COLOURS))]
    wanted += [(TEXTURE, number) for number in range(1, len(NUMBERS[TEXTURE]))]
    wanted += [(COUNT, number) for number in range(1, len(NUMBERS[COUNT]))]
    wanted += [(PLACE, number) for number in range(len(NUMBERS[PLACE]))]
    return [_query((one,), None, rng) for one in wanted]


def joint_query(facts: NDArray[np.int16], rng: random.Random) -> Query:
    """A query for two or three attributes of one thing in the picture with this row."""
    things = facts[:-1].reshape(THINGS, len(NUMBERS))
    thing = rng.choice([row for row in things if row[KIND] >= 0])
    telling = [KIND, COLOUR, PLACE]
    telling += [TEXTURE] if thing[TEXTURE] else []
    telling += [COUNT] if thing[COUNT] else []
    asked = rng.sample(telling, 2) if rng.random() < 0.7 else rng.sample(telling, 3)
    backdrop = int(facts[-1]) if rng.random() < 0.15 else None
    wanted = tuple((attribute, int(thing[attribute])) for attribute in sorted(asked))
    return _query(wanted, backdrop, rng)


def _query(wanted: tuple[tuple[int, int], ...], backdrop: int | None, rng: random.Random) -> Query:
    named = {attribute: _NAMES[attribute][number] for attribute, number in wanted}
    behind = None if backdrop is None else BACKDROPS[_BACKDROPS[backdrop]]
    english, japanese = _english(named, rng), _japanese(named)
    if behind is not None:
        english = f"{english} {behind.english}"
        japanese = "".join(behind.japanese) + "の" + japanese
    return Query(english, japanese, wanted, backdrop)


def _english(named: dict[int, str], rng: random.Random) -> str:
    adjectives = [named[a] for a in (TEXTURE, COLOUR) if named.get(a)]
    if COUNT in named:
        noun = KINDS[NUMBERS[KIND][named[KIND]]].plural if KIND in named else "things"
        words = [COUNTS[named[COUNT]].english, *adjectives, noun]
    elif KIND in named:
        words = [*rng.choice(((), ("a",))), *adjectives, named[KIND]]
    else:
        words = ["something", *adjectives]
    if PLACE in named:
        words.append(_placing(named[PLACE]).english)
    return " ".join(words)


def _japanese(named: dict[int, str]) -> str:
    kind = KINDS[NUMBERS[KIND][named[KIND]]] if KIND in named else None
    words: list[str] = []
    if PLACE in named:
        words += [*_placing(named[PLACE]).japanese, "に"]
    if COUNT in named:
        words += [COUNTS[named[COUNT]].japanese[0] + (kind.counter if kind else "つ"), "の"]
    if named.get(TEXTURE):
        words += TEXTURES[named[TEXTURE]].japanese
    if COLOUR in named:
        words += COLOURS[named[COLOUR]].japanese
    return "".join([*words, kind.japanese if kind else "もの"])


def _placing(place: str) -> Term:
    return PLACES[place] if place in PLACES else LINES[place]
