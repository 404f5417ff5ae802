"""An audit row exists exactly when the transaction that did the thing was committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kioku_rt.db.identifiers import identifier

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection


async def audit(
    connection: Connection,
    *,
    schema: str,
    actor: str,
    action: str,
    subject: str,
    outcome: str,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one row to the schema's `audit_logs`, in the caller's transaction.

    Args:
        actor: who: a token's subject, or a service's name.
        action: what, as `noun.verb`, for example `asset.delete`.
        subject: to what, for example an asset id.
        outcome: `ok`, `refused` or `failed`.
        reason: from the catalogue; empty when ok.
        details: more for machines; no personal data, no vectors.
    """
    await connection.execute(
        f"INSERT INTO {identifier(schema)}.audit_logs"  # noqa: S608 - a checked identifier
        " (actor, action, subject, outcome, reason, details)"
        " VALUES ($1, $2, $3, $4, $5, $6::jsonb)",
        actor,
        action,
        subject,
        outcome,
        reason,
        json.dumps(dict(details or {})),
    )
