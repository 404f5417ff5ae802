"""Promise: every group of look-alikes is told once, page by page, with bounded work for each page.

Two pictures are alike from a cosine on; a group is what is connected by such pairs. A page looks at
the owner's next pictures by id, and asks for the neighbours of each through the index that searches
use. A group belongs to its first picture: one with an alike neighbour before it is passed over, for
another has told it, or will not as it is a longer chain's first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.page_token import PageTokens, scope_of

from kioku_search.assets.asset import Kind
from kioku_search.hybrid.diversity import TOLERANCE
from kioku_search.searching.search import Neighbour, Neighbours, Probe, Wanted
from kioku_search.spaces.space import IMAGE, Space, Spaces

MOST_LOOKED_AT = 100
"""Pictures that one page looks at."""
MOST_ALIKE = 100
"""Pictures of a group; a larger heap is told in part, its rest when the first are gone."""
_TOGETHER = 4
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Duplicate:
    """One of a group, and its cosine to the one through which it was found; of the first: 1."""

    asset_id: UUID
    filename: str
    similarity: float


@dataclass(frozen=True)
class DuplicatePage:
    """Groups, each by asset id and with at least two; a page may have none and not be the last."""

    groups: tuple[tuple[Duplicate, ...], ...]
    next_page_token: str
    space_id: str
    looked_at: int


class Pictures(Protocol):
    """An owner's pictures one after the other."""

    async def after(
        self, acting: Acting, space_id: str, asset_id: UUID, limit: int
    ) -> list[tuple[UUID, str]]:
        """The next pictures with a vector in the space, by id: ids and file names."""


class Duplicates:
    """The ListDuplicateGroups rpc."""

    def __init__(
        self, pictures: Pictures, neighbours: Neighbours, spaces: Spaces, tokens: PageTokens
    ) -> None:
        self._pictures = pictures
        self._neighbours = neighbours
        self._spaces = spaces
        self._tokens = tokens

    async def page(
        self, acting: Acting, similarity: float, size: int, page_token: str
    ) -> DuplicatePage:
        """At most `size` groups whose first picture comes after the page before.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE.
            DependencyDown: the database does not answer.
        """
        space = await self._spaces.serving(IMAGE, acting.owner)
        scope = scope_of("duplicates", acting.owner, space.space_id, similarity)
        start = UUID(self._tokens.read(scope, page_token)[0]) if page_token else _NOBODY
        there = await self._pictures.after(acting, space.space_id, start, MOST_LOOKED_AT)
        # Reading the list was recorded; the look-ups behind it are the same call.
        look = _Look(self._neighbours, replace(acting, on_behalf=False), space, similarity)
        groups, last = await _groups(look, there, size)
        over = last + 1 == len(there) < MOST_LOOKED_AT or not there
        return DuplicatePage(
            tuple(groups),
            "" if over else self._tokens.sign(scope, [str(there[last][0])]),
            space.space_id,
            last + 1,
        )


@dataclass(frozen=True)
class _Look:
    """Asks for the look-alikes of pictures."""

    neighbours: Neighbours
    acting: Acting
    space: Space
    similarity: float

    async def alike(self, assets: Sequence[UUID]) -> list[list[Neighbour]]:
        """Of each, its look-alikes, nearest first."""
        return [
            found
            for start in range(0, len(assets), _TOGETHER)
            for found in await asyncio.gather(
                *(self._alike(one) for one in assets[start : start + _TOGETHER])
            )
        ]

    async def _alike(self, asset_id: UUID) -> list[Neighbour]:
        probe = Probe(self.space, None, asset_id, Wanted(kind=Kind.IMAGE), None)
        found = await self.neighbours.nearest(self.acting, probe, MOST_ALIKE)
        return [one for one in found if one.score >= self.similarity - TOLERANCE]


async def _groups(
    look: _Look, there: Sequence[tuple[UUID, str]], size: int
) -> tuple[list[tuple[Duplicate, ...]], int]:
    """The groups whose first is among `there`, and the place of the last that was looked at."""
    groups: list[tuple[Duplicate, ...]] = []
    for start in range(0, len(there), _TOGETHER):
        some = there[start : start + _TOGETHER]
        near = await look.alike([asset_id for asset_id, _ in some])
        for place, ((asset_id, filename), alike) in enumerate(zip(some, near, strict=True), start):
            if alike and all(asset_id < one.asset_id for one in alike):
                group = await _grown(look, Duplicate(asset_id, filename, 1.0), alike)
                groups += [group] if group[0].asset_id == asset_id else []
            if len(groups) == size:
                return groups, place
    return groups, len(there) - 1


async def _grown(
    look: _Look, first: Duplicate, alike: Sequence[Neighbour]
) -> tuple[Duplicate, ...]:
    """All that is connected with the first, by id; at most `MOST_ALIKE`."""
    group = {first.asset_id: first}
    edge = _joined(group, alike)
    while edge and len(group) < MOST_ALIKE:
        found = await look.alike(edge)
        edge = [one for some in found for one in _joined(group, some)]
    return tuple(sorted(group.values(), key=lambda one: one.asset_id))[:MOST_ALIKE]


def _joined(group: dict[UUID, Duplicate], alike: Sequence[Neighbour]) -> list[UUID]:
    """Add to the group what is not in it; what that was."""
    new = [one for one in alike if one.asset_id not in group]
    for one in new:
        group[one.asset_id] = Duplicate(one.asset_id, one.filename, one.score)
    return [one.asset_id for one in new]
