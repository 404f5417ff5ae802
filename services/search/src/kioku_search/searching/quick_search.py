"""Plain questions, by the function of a space whose statements are planned once (migration 0054).

What is remembered of an owner only chooses the way; a wrong guess costs a second question, never an
answer.
"""

from __future__ import annotations

import hashlib
from enum import Enum, auto
from typing import TYPE_CHECKING

import asyncpg

from kioku_search.searching.lately import Lately
from kioku_search.searching.route import EXACT
from kioku_search.searching.search import Wanted

if TYPE_CHECKING:
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

    from kioku_search.searching.search import Probe

_ANYTHING = Wanted()
_FRESH_SECONDS = 60.0


class _Known(Enum):
    LARGE = auto()  # has so many rows that the index answers: they are not counted each time
    OTHER = auto()  # has videos, or the function did not answer for another reason


class QuickSearch:
    """First pages without a filter.

    Args:
        ef_search: how many candidates the graph keeps while its space says nothing else.
    """

    def __init__(self, ef_search: int) -> None:
        self._ef_search = ef_search
        self._known: Lately[tuple[str, str], _Known] = Lately(_FRESH_SECONDS)

    async def nearest(
        self, connection: Connection, acting: Acting, probe: Probe, limit: int
    ) -> list[asyncpg.Record]:
        """The rows that `nearest_images` would give; none where that must be asked."""
        owner = (acting.owner, probe.space.space_id)
        known = self._known.get(owner)
        if known is _Known.OTHER or probe.after or probe.wanted != _ANYTHING:
            return []
        large = known is _Known.LARGE
        try:
            rows = await connection.fetch(
                _sql(probe.space.space_id),
                acting.owner,
                probe.vector,
                probe.like,
                limit,
                self._ef_search,
                large,
            )
        except asyncpg.UndefinedFunctionError:  # a space that is being retired
            rows = []
        self._remember(owner, rows, asked_as_large=large)
        return list(rows)

    def _remember(
        self, owner: tuple[str, str], rows: list[asyncpg.Record], *, asked_as_large: bool
    ) -> None:
        if rows and (asked_as_large or rows[0]["strategy"] == EXACT):
            return  # what is remembered runs out, so that it is counted again
        if asked_as_large:
            self._known.forget(owner)
        else:
            self._known.note(owner, _Known.LARGE if rows else _Known.OTHER)


def _sql(space_id: str) -> str:
    """The question to the function of a space; named as its partition is."""
    name = hashlib.sha256(space_id.encode()).hexdigest()[:16]
    return f"SELECT * FROM search.image_embeddings_{name}_quick($1, $2, $3, $4, $5, $6)"  # noqa: S608
