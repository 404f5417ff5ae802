"""How this service reaches its database: in the name of one owner, or as a worker for all.

Whatever is read or changed for a caller has a row of the audit in the same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kioku_rt.auth import Acting, Principal
from kioku_rt.db import acquire, audit

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

SCHEMA = "vlm"
SERVICE = "vlm"


@asynccontextmanager
async def owned(pool: asyncpg.Pool, acting: Acting) -> AsyncIterator[Connection]:
    """A transaction that sees and changes only the rows of `acting.owner`; `record` what it does.

    Args:
        pool: of the role `vlm_api`.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", acting.owner)
        yield connection


@asynccontextmanager
async def unbound(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """A transaction of the role `vlm_worker`, which sees every owner: events and jobs only.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        yield connection


async def lock_asset(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Until the transaction ends, nobody else notes the asset, or deletes it."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('vlm asset ' || $1 || ' ' || $2, 0))",
        owner,
        str(asset_id),
    )


def worker(owner: str, token_id: str = "") -> Acting:
    """This service at work for an owner, for the audit."""
    return Acting(owner, Principal(SERVICE, True, frozenset(), token_id), on_behalf=True)


async def record(
    connection: Connection,
    acting: Acting,
    action: str,
    subject: str,
    *,
    outcome: str = "ok",
    reason: str = "",
    **details: object,
) -> None:
    """Audit what was done, in the transaction that does it.

    Args:
        action: `noun.verb`, such as `observation.get` or `entry.correct`.
        subject: to what: an observation, an entry, an asset.
        details: more for machines: counts and ids; nothing that was read from a picture.
    """
    await audit(
        connection,
        schema=SCHEMA,
        actor=acting.principal.subject,
        action=action,
        subject=subject,
        outcome=outcome,
        reason=reason,
        details={"owner": acting.owner, "token_id": acting.principal.token_id, **details},
    )
