"""What the rows say of the object store, in order of the keys.  Implements `Claims`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.database import unbound
from kioku_search.reconciling.object_audit import Claim
from kioku_search.reconciling.reconciliation_store import LONG_SECONDS, patient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import asyncpg

# `C`: the order of UTF-8's bytes, as S3 lists.
_CLAIMS = 'TABLE search.object_claims ORDER BY key COLLATE "C", is_prefix DESC'
_STILL = """
SELECT EXISTS (SELECT FROM search.object_claims c
    WHERE c.owner = $1 AND c.asset_id = $2 AND c.key = $3 AND NOT c.is_prefix)
"""
_AHEAD = 2000


class ClaimStore:
    """Reads claims through a cursor, so that memory stays small.

    Args:
        pool: of the role `search_worker`; one connection is held while the rows are read.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def in_order(self) -> AsyncGenerator[Claim, None]:
        """Every claim, ordered by key; a prefix comes before what it covers.

        Raises:
            DependencyDown: the database does not answer.
        """
        async with patient(self._pool) as connection:
            cursor = connection.cursor(_CLAIMS, prefetch=_AHEAD, timeout=LONG_SECONDS)
            async for row in cursor:
                key, is_prefix, owner, asset_id, frame_no = row.values()
                yield Claim(key, is_prefix, owner, str(asset_id), frame_no)

    async def still(self, claim: Claim) -> bool:
        """Whether a row says so now.  Raises DependencyDown."""
        async with unbound(self._pool) as connection:
            return bool(await connection.fetchval(_STILL, claim.owner, claim.asset_id, claim.key))
