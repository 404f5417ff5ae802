"""The texts a batch learns from: full captions, and short queries a person would type."""

import random
from dataclasses import dataclass

import numpy as np
from kioku_scenes.kinds import KINDS
from kioku_scenes.layout import Layout
from kioku_scenes.words import BACKDROPS, COLOURS
from numpy.typing import NDArray

ANY = -1
_KINDS_ASKED = 36
KIND_NUMBERS = {kind.name: index for index, kind in enumerate(KINDS)}
COLOUR_NUMBERS = {name: index for index, name in enumerate(COLOURS)}
_BACKDROPS = {name: index for index, name in enumerate(BACKDROPS)}
# kind and colour of up to three things, then the backdrop
FACTS = 7


@dataclass(frozen=True)
class Query:
    """A short text true of every picture with this kind, colour and backdrop (or ANY)."""

    english: str
    japanese: str
    kind: int
    colour: int
    backdrop: int

    def matches(self, facts: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Which rows of facts, int16 (pictures, FACTS), the query is true of: bool (pictures,)."""
        kinds, colours = facts[:, 0:6:2], facts[:, 1:6:2]
        thing = ((kinds == self.kind) | (self.kind == ANY)) & (
            (colours == self.colour) | (self.colour == ANY)
        )
        behind = (facts[:, 6] == self.backdrop) | (self.backdrop == ANY)
        result: NDArray[np.bool_] = thing.any(axis=1) & behind
        return result


def facts_row(layout: Layout) -> list[int]:
    """The layout's kinds, colours and backdrop as FACTS numbers; a missing thing is -2."""
    row = [-2] * FACTS
    for index, thing in enumerate(layout.things):
        row[2 * index] = KIND_NUMBERS[thing.kind]
        row[2 * index + 1] = COLOUR_NUMBERS[thing.colour]
    row[6] = _BACKDROPS[layout.backdrop]
    return row


def naming_queries(rng: random.Random) -> list[Query]:
    """A query for each of some kinds, drawn at random, and one for every colour."""
    chosen = rng.sample(range(len(KINDS)), _KINDS_ASKED)
    kinds = [_query(kind, ANY, ANY, rng) for kind in chosen]
    return kinds + [_colour_query(name) for name in COLOUR_NUMBERS]


def coloured_query(facts: NDArray[np.int16], rng: random.Random) -> Query:
    """A coloured thing, at times with its backdrop, of the picture with this row of facts."""
    slot = rng.choice([index for index in range(3) if facts[2 * index] >= 0])
    backdrop = int(facts[6]) if rng.random() < 0.25 else ANY
    return _query(int(facts[2 * slot]), int(facts[2 * slot + 1]), backdrop, rng)


def _colour_query(name: str) -> Query:
    japanese = "".join([*COLOURS[name].japanese, "もの"])
    return Query(f"something {name}", japanese, ANY, COLOUR_NUMBERS[name], ANY)


def _query(kind: int, colour: int, backdrop: int, rng: random.Random) -> Query:
    named = KINDS[kind]
    noun = rng.choice((named.name, named.name, named.plural))
    japanese: list[str] = []
    if backdrop != ANY:
        japanese += [*BACKDROPS[tuple(_BACKDROPS)[backdrop]].japanese, "の"]
    if colour != ANY:
        name = tuple(COLOUR_NUMBERS)[colour]
        noun = f"{name} {noun}"
        japanese += COLOURS[name].japanese
    english = rng.choice(("", "a ")) + noun
    if backdrop != ANY:
        english += f" {BACKDROPS[tuple(_BACKDROPS)[backdrop]].english}"
    return Query(english, "".join([*japanese, named.japanese]), kind, colour, backdrop)
