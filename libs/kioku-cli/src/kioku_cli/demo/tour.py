"""The queries of the demonstration, over gRPC: words in two languages, a picture, an asset."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kioku.search.v1 import search_service_pb2

from kioku_cli import answers
from kioku_cli.answers import Question
from kioku_cli.demo.film import Moment
from kioku_cli.demo.library import Drawn
from kioku_cli.demo.score import Score, good_names, score
from kioku_cli.session import Session
from kioku_cli.sheet.fetch import Pictures
from kioku_cli.sheet.page import Cell, Section

SHOWN = 10


@dataclass(frozen=True)
class Asked:
    """One question and its answer."""

    title: str
    hits: Sequence[search_service_pb2.Hit]
    score: Score | None = None
    good: frozenset[str] = frozenset()
    """Assets that count as hits."""


@dataclass
class Tour:
    """Everything that was asked."""

    by_words: list[Asked] = field(default_factory=list)
    by_picture: list[Asked] = field(default_factory=list)
    by_asset: list[Asked] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)

    @property
    def asked(self) -> list[Asked]:
        """Every question with a list of hits, in order."""
        return [*self.by_words, *self.by_picture, *self.by_asset]


async def take_tour(
    session: Session, library: Sequence[Drawn], photos: Sequence[Path], *, queries: int, seed: int
) -> Tour:
    """Ask `queries` captions drawn by `seed`, every second one in Japanese; pictures; an asset."""
    by_name = {drawn.path.name: drawn for drawn in library}
    size = len(library) + len(photos)
    tour = Tour()
    for number, drawn in enumerate(random.Random(seed).sample(list(library), queries)):
        words = drawn.caption_ja if number % 2 else drawn.caption_en
        tour.by_words.append(await _ask_words(session, words, drawn, by_name, size))
    pictures = [library[0].path, *photos[:1]]
    for picture in pictures:
        question = Question(image=picture, k=SHOWN)
        answer = await answers.ask(session, question)
        tour.by_picture.append(Asked(f"the picture {picture.name}", answer.hits))
    first = tour.by_picture[-1].hits[0]
    answer = await answers.ask(session, Question(asset_id=first.asset_id, k=SHOWN))
    tour.by_asset.append(Asked(f"the asset {first.filename}", answer.hits))
    return tour


async def _ask_words(
    session: Session, words: str, drawn: Drawn, library: Mapping[str, Drawn], size: int
) -> Asked:
    answer = await answers.ask(session, Question(text=words, k=SHOWN))
    names = [hit.filename for hit in answer.hits]
    good = good_names(drawn, library)
    marked = frozenset(hit.asset_id for hit in answer.hits if hit.filename in good)
    return Asked(words, answer.hits, score(drawn, names, library, size), marked)


async def sections(session: Session, tour: Tour) -> list[Section]:
    """The contact sheet's sections, with their thumbnails."""
    made = []
    async with Pictures(session) as pictures:
        for asked in tour.asked:
            cells: list[Cell] = await pictures.cells(asked.hits, asked.good)
            made.append(Section(asked.title, cells))
    return made
