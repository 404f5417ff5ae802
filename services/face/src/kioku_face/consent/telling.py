"""Promise: `search` hears of every change of consent, in order, whatever was away meanwhile.

Each change has its place in the owner's sequence, and `search` refuses an owner's questions until
it has heard of as many as `face` made. So changes are told one by one, and none is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kioku_face.consent.consent import SERVICE
from kioku_face.vectors import Access, FaceVectors, Matchable

_TOGETHER = 100


@dataclass(frozen=True)
class Change:
    """What one entry means for `search`."""

    sequence: int
    person: Matchable


class Untold(Protocol):
    """What `search` was not told of."""

    async def changes(self, owner: str, limit: int) -> Sequence[Change]:
        """Entries after the last one it was told of, the oldest first."""

    async def told(self, owner: str, sequence: int) -> None:
        """Remember that it knows of all up to this one."""

    async def owners(self, limit: int) -> Sequence[str]:
        """Owners with entries that it was not told of."""


class Telling:
    """Tells `search` who may be matched."""

    def __init__(self, untold: Untold, vectors: FaceVectors) -> None:
        self._untold = untold
        self._vectors = vectors

    async def tell(self, owner: str) -> None:
        """Tell all that it does not know of this owner's people.

        Raises:
            DependencyDown: the database or `search` does not answer.
        """
        while changes := await self._untold.changes(owner, _TOGETHER):
            for one in changes:
                access = Access(owner, SERVICE, "consent", "", one.sequence)
                await self._vectors.set_people(access, [one.person])
            await self._untold.told(owner, changes[-1].sequence)

    async def tell_all(self, limit: int = 100) -> None:
        """Tell what calls could not."""
        for owner in await self._untold.owners(limit):
            await self.tell(owner)
