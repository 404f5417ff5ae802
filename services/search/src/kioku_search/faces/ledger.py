"""How this room reaches the database: nothing of a face is read or changed without a record.

The row of the audit is written in the transaction that reads or changes; where it cannot be
written, the transaction fails and nothing is given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kioku_rt.db import acquire, audit
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.database import SCHEMA

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.faces.face import Access

_AGAIN_SECONDS = 1.0


@asynccontextmanager
async def faced(pool: asyncpg.Pool, access: Access) -> AsyncIterator[Connection]:
    """A transaction that sees and changes only the faces of `access.owner`; `record` what it does.

    Args:
        pool: of the role `search_api`.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", access.owner)
        yield connection


def behind(access: Access, heard: int) -> KiokuError:
    """What is said to who knows of later changes of consent than this service: CONSENT_BEHIND."""
    return KiokuError(
        Reason.CONSENT_BEHIND,
        f"Change {access.consent_sequence} of the owner's consents is known to you;"
        f" here it is change {heard}.",
        metadata={"asked": str(access.consent_sequence), "heard": str(heard)},
        retry_after=_AGAIN_SECONDS,
    )


def facts_of(access: Access) -> dict[str, object]:
    """Who asks, for whom and why, as the audit has it."""
    return {
        "owner": access.owner,
        "purpose": access.purpose,
        "request_id": access.request_id,
        "service": access.service,
        "token_id": access.token_id,
    }


async def record(
    connection: Connection, access: Access, action: str, subject: str, **details: object
) -> None:
    """Audit what was asked or changed, in the transaction that does it: ids and counts only."""
    await audit(
        connection,
        schema=SCHEMA,
        actor=access.actor,
        action=action,
        subject=subject,
        outcome="ok",
        details={**facts_of(access), **details},
    )
