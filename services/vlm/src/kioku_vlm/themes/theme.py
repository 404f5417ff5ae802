"""What is asked, what is known of a picture, and what a theme is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Picture = UUID | int
"""An asset, or the place of a picture among the request's images."""

NOTHING_FITS = "NOTHING_FITS"
TOO_FEW_THEMES = "TOO_FEW_THEMES"


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        language: `ja` or `en`.
        most: themes.
    """

    asset_ids: tuple[UUID, ...]
    images: tuple[bytes, ...]
    language: str
    most: int


@dataclass(frozen=True)
class AssetFacts:
    """What the library knows of an asset; a video has no `object_key`: a frame stands for it."""

    asset_id: UUID
    tags: tuple[str, ...] = ()
    taken: datetime | None = None
    object_key: str = ""


@dataclass(frozen=True)
class Look:
    """What the model sees in a picture.

    Attributes:
        space_id: of the model.
        vector: unit, float64 of shape (dimension,).
        shares: of shape (themes of the lexicon,), each label's share among all; their sum is one.
    """

    space_id: str
    vector: Floats
    shares: Floats


@dataclass(frozen=True)
class Neighbour:
    """A picture of the owner that looks alike; `score` is 1 - cosine distance."""

    asset_id: UUID
    score: float
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """All that is known of one picture of the request."""

    picture: Picture
    look: Look
    facts: AssetFacts | None = None
    neighbours: tuple[Neighbour, ...] = ()
    announced: frozenset[int] = frozenset()
    """Places of themes that grounded entries of its schedule name."""

    @property
    def taken(self) -> datetime | None:
        """When it was taken."""
        return self.facts.taken if self.facts else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The app's tags."""
        return self.facts.tags if self.facts else ()


class Witness(StrEnum):
    """What speaks for a theme of a picture."""

    LABEL = "LABEL"
    TAG = "TAG"
    NEIGHBOUR_TAG = "NEIGHBOUR_TAG"
    SCHEDULE = "SCHEDULE"
    DATE = "DATE"


class Missing(StrEnum):
    """What could not be used although it was wanted."""

    NEIGHBOURS = "NEIGHBOURS"
    BACKGROUND = "BACKGROUND"
    SCHEDULES = "SCHEDULES"
    WRITER = "WRITER"


@dataclass(frozen=True)
class Member:
    """A picture under a theme; the strongest witness first."""

    picture: Picture
    score: float
    witnesses: tuple[Witness, ...]


@dataclass(frozen=True)
class LabelShown:
    """A label of the lexicon that a theme's pictures show."""

    theme_id: str
    name: str
    score: float


@dataclass(frozen=True)
class TaggedNeighbour:
    """A neighbour whose tag speaks for a theme."""

    asset_id: UUID
    score: float
    tag: str


@dataclass(frozen=True)
class ThemeFacts:
    """All that whoever words a theme may know: names of ours, numbers and days.

    Attributes:
        name: of the theme, in the language; empty: only the days are known.
        also: names of other labels that its pictures show, the strongest first.
        phrases: `name` and `also` with their English articles.
        pictures: how many.
        first, last: days on which they were taken, or None.
    """

    name: str
    also: tuple[str, ...]
    pictures: int
    first: date | None = None
    last: date | None = None
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """A heading and a sentence; `refusal`: why what the model wrote was not used."""

    title: str
    sentence: str
    by_model: bool = False
    refusal: str = ""


@dataclass(frozen=True)
class Theme:
    """A theme with everything that speaks for it."""

    theme_id: str
    score: float
    members: tuple[Member, ...]
    labels: tuple[LabelShown, ...]
    neighbours: tuple[TaggedNeighbour, ...]
    wording: Wording
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class LeftOut:
    """A picture without a theme, and why."""

    picture: Picture
    reason: str


@dataclass(frozen=True)
class Suggestion:
    """The answer, the best theme first."""

    themes: tuple[Theme, ...]
    left_out: tuple[LeftOut, ...]
    space_id: str = ""
    missing: Sequence[Missing] = field(default_factory=tuple)
