"""Rows of the audit in PostgreSQL.  Implements `Entries`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import audit

from kioku_face.audit.entry import Entry
from kioku_face.database import SCHEMA, unbound

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Principal
    from kioku_rt.db.pool import Connection

    from kioku_face.audit.entry import Wanted

# A text of its own for each set of conditions, so that each can use its index.
_PAGE = """
SELECT id AS entry_id, actor, action, subject, outcome, reason, at,
    coalesce(details ->> 'purpose', '') AS purpose,
    coalesce(details ->> 'request_id', '') AS request_id
FROM face.audit_logs WHERE id < $1 {narrowed} ORDER BY id DESC LIMIT $2
"""
_NO_END = 2**63 - 1
_CHAIN = "chain"


class EntryStore:
    """Reads the audit.

    Args:
        pool: of the role `face_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(
        self, principal: Principal, wanted: Wanted, below: int | None, size: int
    ) -> list[Entry]:
        """At most `size` rows with smaller ids than `below`, the newest first; audited with it."""
        texts = {"subject": wanted.subject, "actor": wanted.actor, "action": wanted.action}
        given = {name: text for name, text in texts.items() if text}
        narrowed = " ".join(f"AND {name} = ${at}" for at, name in enumerate(given, start=3))
        statement = _PAGE.format(narrowed=narrowed)
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(statement, below or _NO_END, size, *given.values())
            await _note(connection, principal, "audit.list", wanted.subject, rows=len(rows))
        return [Entry(**dict(row)) for row in rows]

    async def verifying(self, principal: Principal) -> None:
        """Note that somebody verifies."""
        async with unbound(self._pool) as connection:
            await _note(connection, principal, "audit.verify", _CHAIN)


async def _note(
    connection: Connection, principal: Principal, action: str, subject: str, **details: object
) -> None:
    await audit(
        connection,
        schema=SCHEMA,
        actor=principal.subject,
        action=action,
        subject=subject,
        outcome="ok",
        details={"token_id": principal.token_id, **details},
    )
