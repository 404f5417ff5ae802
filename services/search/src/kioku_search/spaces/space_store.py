"""Spaces in PostgreSQL.  Implements `SpaceStore`."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import asyncpg
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_search.database import unbound
from kioku_search.spaces.space import FACE, KnownSpace, Space

if TYPE_CHECKING:
    from asyncpg import Pool

    from kioku_search.indexes.index import Parameters

SPACE_FIELDS = (
    "space_id, kind, model, revision, dimension, metric, preprocessing, normalised, precision"
)
_REGISTER = "SELECT search.register_space($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_REGISTER_INDEXED = (
    "SELECT search.register_indexed_space($1, $2, $3, $4, $5, $6, $7, $8, $9,"
    " $10, $11, $12, $13, $14)"
)


def known_space(row: asyncpg.Record) -> KnownSpace:
    """The space that the first columns of a row hold: its fields, state and canary percent."""
    space = Space(*list(row.values())[:9])
    return KnownSpace(space, row["state"], row["canary_percent"])


class SpaceStore:
    """The registry of spaces.

    Args:
        pool: of the role `search_worker`.
        parameters: what the index of a new space is built with.
        faces: the same of a space of faces.
    """

    def __init__(
        self,
        pool: Pool,
        parameters: Parameters | None = None,
        faces: Parameters | None = None,
    ) -> None:
        self._pool = pool
        self._index = astuple(parameters) if parameters else ()
        self._face_index = astuple(faces) if faces else self._index

    async def all(self) -> list[KnownSpace]:
        """Every space."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                f"SELECT {SPACE_FIELDS}, state, canary_percent FROM search.spaces"  # noqa: S608
            )
        return [known_space(row) for row in rows]

    async def register(self, space: Space) -> str:
        """Its state afterwards; the first space of its kind becomes active.

        Raises:
            InvalidInput: FIELD_INVALID for a space that cannot be stored, or whose id is known
                with another meaning.
        """
        index = self._face_index if space.kind == FACE else self._index
        try:
            async with unbound(self._pool) as connection:
                state: str = await connection.fetchval(
                    _REGISTER_INDEXED if index else _REGISTER, *astuple(space), *index
                )
        except (
            asyncpg.CheckViolationError,
            asyncpg.UniqueViolationError,
            asyncpg.FeatureNotSupportedError,
        ) as error:
            raise InvalidInput(
                Reason.FIELD_INVALID, f"The space is refused: {error.args[0]}.", field="space"
            ) from error
        return state
