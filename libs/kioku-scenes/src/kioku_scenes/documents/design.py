"""Designs: functions that each write a document, registered with family and half."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kioku_scenes.documents.document import Draft, DrawnDocument, finish

Writer = Callable[[random.Random], Draft]
SEEDS = (0, 1)
"""Of the documents that are drawn of each design."""


class Half(StrEnum):
    """Which designs a document belongs to; the package that a design is written in decides."""

    DEVELOPMENT = "development"
    """Rules may be written by them."""
    HELD_OUT = "held-out"
    """Nobody who writes rules reads them."""


@dataclass(frozen=True)
class Design:
    """A design of documents: the same family, layout and wording, other values for each seed."""

    name: str
    family: str
    write: Writer

    def draw(self, seed: int) -> DrawnDocument:
        """The document of a seed; the same seed gives the same pixels and the same truth."""
        draft = self.write(random.Random(f"{self.name}/{seed}"))
        return finish(f"{self.name}-{seed}", self.family, draft)


_REGISTERED: dict[Half, dict[str, Design]] = {half: {} for half in Half}


def design(name: str, family: str) -> Callable[[Writer], Writer]:
    """Register a function as a design of the half whose package holds it.

    Raises:
        ValueError: the name is taken.
    """

    def register(write: Writer) -> Writer:
        half = Half.HELD_OUT if ".held_out." in write.__module__ else Half.DEVELOPMENT
        if any(name in some for some in _REGISTERED.values()):
            raise ValueError(f"there is another design of the name {name}")
        _REGISTERED[half][name] = Design(name, family, write)
        return write

    return register


@cache
def designs(half: Half) -> tuple[Design, ...]:
    """All designs of a half, by name."""
    package = importlib.import_module(f"kioku_scenes.documents.{half.replace('-', '_')}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(one for _, one in sorted(_REGISTERED[half].items()))


def documents(half: Half) -> Iterator[DrawnDocument]:
    """All documents of a half, drawn one after the other."""
    for one in designs(half):
        for seed in SEEDS:
            yield one.draw(seed)
