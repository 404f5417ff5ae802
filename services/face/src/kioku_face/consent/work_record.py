"""Rows of the audit for what no caller does: jobs, and the restore of a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import audit

from kioku_face.consent.consent import SERVICE
from kioku_face.database import SCHEMA

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_rt.db.pool import Connection


async def record_work(
    connection: Connection,
    owner: str,
    action: str,
    subject: UUID,
    *,
    actor: str = SERVICE,
    **details: object,
) -> None:
    """Audit it, in the transaction that does it.

    Args:
        action: `noun.verb`.
        details: counts and ids; no names, no vectors.
    """
    await audit(
        connection,
        schema=SCHEMA,
        actor=actor,
        action=action,
        subject=str(subject),
        outcome="ok",
        details={"owner": owner, **details},
    )
