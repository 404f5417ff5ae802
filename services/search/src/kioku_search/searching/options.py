"""What a search is asked to do besides finding: one value that says everything about the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

NEAR_DUPLICATE = 0.97
"""Cosine from which on two pictures count as the same, unless asked otherwise."""
MOST_WEIGHT = 1000.0
MOST_MOMENTS = 10


@unique
class Method(StrEnum):
    """Which lists a search asks."""

    AUTO = "AUTO"
    VISUAL = "VISUAL"
    TAGS = "TAGS"
    WORDS = "WORDS"
    COMBINED = "COMBINED"


LISTS = (Method.VISUAL, Method.TAGS, Method.WORDS)
"""What can be fused, in the order in which an asset's parts are told."""


@unique
class FusionKind(StrEnum):
    """How several lists become one; see `fusion`."""

    RRF = "RRF"
    MIN_MAX = "MIN_MAX"
    Z_SCORE = "Z_SCORE"


@dataclass(frozen=True)
class Fusion:
    """How lists are fused; the weights in the order of `LISTS`."""

    kind: FusionKind = FusionKind.RRF
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def weight(self, method: Method) -> float:
        """How much a list counts; one that counts nothing is not asked."""
        return self.weights[LISTS.index(method)]


@dataclass(frozen=True)
class AlsoText:
    """Clean words beside a picture, and their share of the sum."""

    text: str
    weight: float = 0.5


@dataclass(frozen=True)
class Options:
    """Everything but query, filter and page that an answer depends on."""

    k: int = 20
    method: Method = Method.AUTO
    min_score: float | None = None
    fusion: Fusion = field(default_factory=Fusion)
    also_text: AlsoText | None = None
    min_relevance: float | None = None
    diversity: float = 0.0
    collapse: float | None = None
    """Cosine from which on results are folded together; None: they are not."""
    moments: int = 0

    @property
    def rearranged(self) -> bool:
        """Whether results are chosen among more than a page of them."""
        return self.diversity > 0 or self.collapse is not None


def checked_fusion(kind: FusionKind, weights: Mapping[str, float | None]) -> Fusion:
    """How to fuse, with a weight for each field of `LISTS`' order, None for 1.

    Raises:
        InvalidInput: FIELD_INVALID for a weight out of range, NaN, or if all are 0.
    """
    checked = [
        1.0 if value is None else checked_share(value, f"fusion.{name}", most=MOST_WEIGHT)
        for name, value in weights.items()
    ]
    if not any(checked):
        raise InvalidInput(
            Reason.FIELD_INVALID, "All weights are 0; one list must count.", field="fusion"
        )
    visual, tags, words = checked
    return Fusion(kind, (visual, tags, words))


def checked_share(value: float, field: str, *, least: float = 0.0, most: float = 1.0) -> float:
    """A number of a range, both ends included.  Raises InvalidInput FIELD_INVALID, also for NaN."""
    if math.isfinite(value) and least <= value <= most:
        return value
    raise InvalidInput(
        Reason.FIELD_INVALID, f"{field} must be between {least:g} and {most:g}.", field=field
    )


def checked_moments(value: int, field: str) -> int:
    """How many frames are told of each video.  Raises InvalidInput FIELD_INVALID."""
    if 0 <= value <= MOST_MOMENTS:
        return value
    raise InvalidInput(
        Reason.FIELD_INVALID, f"{field} must be between 0 and {MOST_MOMENTS}.", field=field
    )
