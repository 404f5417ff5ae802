"""How this service reaches its database: in the name of one owner, or as a worker for all.

`Owned` is bound by row-level security: the owner is set in the transaction that reads or writes,
so a statement that forgot its WHERE still sees one owner's rows. A service acting for somebody is
audited in that same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from kioku_rt.db import acquire, audit
from kioku_rt.db.errors import database_errors

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

SCHEMA = "search"
Trail = list[tuple[str, str]]
audit_trail: ContextVar[Trail | None] = ContextVar("kioku_audit_trail", default=None)
"""Where it is set, what is audited in the name of an owner is noted as well: action and subject."""


@asynccontextmanager
async def owned(
    pool: asyncpg.Pool, acting: Acting, action: str, subject: str = ""
) -> AsyncIterator[Connection]:
    """A transaction that sees and changes only the rows of `acting.owner`.

    Args:
        pool: of the role `search_api`.
        action, subject: what is done to what, for the audit of a call on somebody's behalf; an
            empty action is not audited (the rest of a watch that was).

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", acting.owner)
        if acting.on_behalf and action:
            await audit(
                connection,
                schema=SCHEMA,
                actor=acting.principal.subject,
                action=action,
                subject=subject,
                outcome="ok",
                details={"owner": acting.owner, "token_id": acting.principal.token_id},
            )
            trail = audit_trail.get()
            if trail is not None:
                trail.append((action, subject))
        yield connection


@asynccontextmanager
async def unbound(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """A transaction of the role `search_worker`, which sees every owner: events and jobs only.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection, connection.transaction():
        yield connection


async def audit_operator(
    connection: Connection, actor: str, action: str, subject: str, **details: object
) -> None:
    """Record what an operator did, in the transaction that does it."""
    await audit(
        connection,
        schema=SCHEMA,
        actor=actor,
        action=action,
        subject=subject,
        outcome="ok",
        details=details,
    )


__all__ = [
    "SCHEMA",
    "Trail",
    "audit_operator",
    "audit_trail",
    "database_errors",
    "owned",
    "unbound",
]
