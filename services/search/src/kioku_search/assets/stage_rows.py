"""Promise: an event has its effect once, on a live asset, and each stage's outcome is on record.

Statements that every consumer's transaction shares: the event is recorded as processed, the asset's
row is locked (a deleted one is gone, so nothing derived is written for it), stages end, the asset
follows its stages, and what was done is audited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku_rt.db import audit, first_time

from kioku_search.assets.asset_row import lock_asset
from kioku_search.database import SCHEMA
from kioku_search.spaces.space import IMAGE
from kioku_search.vectors.indexing import Effect, Failed, Origin

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

    from kioku_search.assets.asset import Asset

ACTOR = "embedder"
_DONE = """
UPDATE search.asset_stages SET state = 'DONE', attempts = $4, reason = '', message = '',
    updated_at = now() WHERE owner = $1 AND asset_id = $2 AND stage = $3 AND state <> 'DONE'
"""
_READY = """
UPDATE search.assets SET state = 'READY', reason = '', message = '', updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND state IN ('PROCESSING', 'FAILED') AND NOT EXISTS (
    SELECT FROM search.asset_stages s
    WHERE s.owner = $1 AND s.asset_id = $2 AND s.state <> 'DONE')
"""
_FAIL_STAGE = """
UPDATE search.asset_stages SET state = 'FAILED', attempts = $4, reason = $5, message = $6,
    updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND stage = $3 AND state <> 'DONE' RETURNING stage
"""
_FAIL_ASSET = """
UPDATE search.assets SET state = 'FAILED', reason = $3, message = $4, updated_at = now()
WHERE owner = $1 AND asset_id = $2
"""


async def begin(connection: Connection, origin: Origin, consumer: str) -> Asset | Effect:
    """The locked asset, or why the event has no effect."""
    if not await first_time(connection, schema=SCHEMA, consumer=consumer, event_id=origin.event_id):
        return Effect.AGAIN
    return await live(connection, origin)


async def live(connection: Connection, origin: Origin) -> Asset | Effect:
    """The asset, its row locked until the transaction ends, or what became of it."""
    asset = await lock_asset(connection, origin.owner, origin.asset_id)
    return asset or await gone(connection, origin)


async def gone(connection: Connection, origin: Origin) -> Effect:
    """What became of an asset that is not there: deleted, or never known."""
    dead = await connection.fetchval(
        "SELECT true FROM search.deletions WHERE owner = $1 AND asset_id = $2",
        origin.owner,
        origin.asset_id,
    )
    return Effect.DEAD_ASSET if dead else Effect.UNKNOWN


@dataclass(frozen=True)
class Target:
    """The space that a vector is written to, as it is until the transaction ends."""

    space_id: str
    kind: str
    state: str
    serves: bool
    """Whether the vector's owner is served from it."""

    @property
    def known(self) -> bool:
        """Whether there is such a space at all."""
        return bool(self.state)

    @property
    def retired(self) -> bool:
        """Whether nothing can be written to it any more."""
        return self.state in ("", "retired")

    @property
    def serves_pictures(self) -> bool:
        """Whether its vectors finish a stage."""
        return self.serves and self.kind == IMAGE


async def hold_space(connection: Connection, space_id: str, owner: str) -> Target:
    """The space as it stays until the transaction ends; before any lock on an asset."""
    row = await connection.fetchrow("SELECT * FROM search.space_for_write($1, $2)", space_id, owner)
    if row is None:
        return Target(space_id, "", "", serves=False)
    return Target(space_id, row["kind"], row["state"], row["serves"])


async def is_found(connection: Connection, asset: Asset) -> bool:
    """Whether an asset, all of it, is found by whoever may search for it now."""
    return bool(
        await connection.fetchval("SELECT search.is_found($1, $2)", asset.owner, asset.asset_id)
    )


async def finish_stage(connection: Connection, asset: Asset, stage: str, attempts: int) -> None:
    """The stage is DONE, and the asset READY if that was the last one."""
    await connection.execute(_DONE, asset.owner, asset.asset_id, stage, attempts)
    await connection.execute(_READY, asset.owner, asset.asset_id)


async def fail_stage(connection: Connection, asset: Asset, failed: Failed) -> Effect:
    """The stage and its asset are FAILED, unless a newer try or a good end is there."""
    origin, failure = failed.origin, failed.failure
    if origin.generation < asset.generation:
        return Effect.OVERTAKEN
    key = (asset.owner, asset.asset_id)
    stage = await connection.fetchval(
        _FAIL_STAGE, *key, failed.stage, origin.attempts, failure.reason, failure.message
    )
    if stage is None:
        return Effect.OVERTAKEN
    await connection.execute(_FAIL_ASSET, *key, failure.reason, failure.message)
    await record(connection, origin, f"{failed.stage}.fail", "failed", reason=failure.reason)
    return Effect.DONE


async def record(
    connection: Connection,
    origin: Origin,
    action: str,
    outcome: str,
    *,
    reason: str = "",
    space_id: str = "",
) -> None:
    """Audit what an event brought about, and in which space if it was about vectors."""
    details = {"generation": origin.generation, "attempts": origin.attempts}
    await audit(
        connection,
        schema=SCHEMA,
        actor=ACTOR,
        action=action,
        subject=str(origin.asset_id),
        outcome=outcome,
        reason=reason,
        details=details | ({"space_id": space_id} if space_id else {}),
    )
