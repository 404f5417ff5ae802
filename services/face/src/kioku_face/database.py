"""How this service reaches its database: in the name of one owner, or as a worker for all.

Face data is never read or changed without a row of the audit in the same transaction: where the row
cannot be written, the transaction fails and nothing is given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kioku_rt.db import acquire, audit

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

SCHEMA = "face"


@asynccontextmanager
async def owned(pool: asyncpg.Pool, acting: Acting) -> AsyncIterator[Connection]:
    """A transaction that sees and changes only the rows of `acting.owner`; `record` what it does.

    Args:
        pool: of the role `face_api`.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", acting.owner)
        yield connection


@asynccontextmanager
async def unbound(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """A transaction of the role `face_worker`, which sees every owner: events and jobs only.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        yield connection


async def record(
    connection: Connection,
    acting: Acting,
    action: str,
    subject: str,
    *,
    outcome: str = "ok",
    reason: str = "",
    purpose: str = "",
    request_id: str = "",
    **details: object,
) -> None:
    """Audit what a caller does with face data, in the transaction that does it.

    Args:
        action: `noun.verb`, such as `face.list` or `person.merge`.
        subject: to what: a person, a face, an asset.
        purpose: why, in the caller's words.
        details: more for machines: counts and ids; no names, no vectors.
    """
    await audit(
        connection,
        schema=SCHEMA,
        actor=acting.principal.subject,
        action=action,
        subject=subject,
        outcome=outcome,
        reason=reason,
        details={
            "owner": acting.owner,
            "token_id": acting.principal.token_id,
            **({"purpose": purpose} if purpose else {}),
            **({"request_id": request_id} if request_id else {}),
            **details,
        },
    )
