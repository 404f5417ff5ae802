"""What one owner has, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kioku_rt.auth.principal import Acting

from kioku_search.spaces.space import KnownSpace


@dataclass(frozen=True)
class SpaceCount:
    """A space and how many of the owner's vectors it holds."""

    known: KnownSpace
    vectors: int


@dataclass(frozen=True)
class Counts:
    """Assets by state name, vectors by space, and how many assets lack their vector."""

    assets: Mapping[str, int]
    spaces: tuple[SpaceCount, ...]
    missing_vectors: int


class Stats(Protocol):
    """Counts in the name of one owner."""

    async def of(self, acting: Acting) -> Counts:
        """What the owner has."""
