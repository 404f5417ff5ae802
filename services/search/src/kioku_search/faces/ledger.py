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

_HEARD = "SELECT sequence FROM search.consent_sequences WHERE owner = $1"
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


async def require_heard(connection: Connection, access: Access) -> None:
    """Refuse while a change of consent that the caller knows of has not come here.

    Raises:
        KiokuError: CONSENT_BEHIND.
    """
    heard = await connection.fetchval(_HEARD, access.owner) or 0
    if access.consent_sequence > heard:
        raise KiokuError(
            Reason.CONSENT_BEHIND,
            f"Change {access.consent_sequence} of the owner's consents is known to you;"
            f" here it is change {heard}.",
            metadata={"asked": str(access.consent_sequence), "heard": str(heard)},
            retry_after=_AGAIN_SECONDS,
        )


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
        details={
            "owner": access.owner,
            "purpose": access.purpose,
            "request_id": access.request_id,
            "service": access.service,
            "token_id": access.token_id,
            **details,
        },
    )
