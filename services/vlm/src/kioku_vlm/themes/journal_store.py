"""The audit of themes, in PostgreSQL.  Implements `Journal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_vlm.database import owned, record

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth import Acting

ACTION = "theme.suggest"


class JournalPostgres:
    """Writes rows of the audit.

    Args:
        pool: of the role `vlm_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def asked(
        self, acting: Acting, request_id: str, pictures: int, *, themes: int, reason: str
    ) -> None:
        """See the port."""
        async with owned(self._pool, acting) as connection:
            await record(
                connection,
                acting,
                ACTION,
                request_id,
                outcome="failed" if reason else "ok",
                reason=reason,
                pictures=pictures,
                themes=themes,
            )
