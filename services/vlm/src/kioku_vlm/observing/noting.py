"""Hearing of bytes: one observation for the same bytes of an owner, in the caller's transaction.

Used by the worker for events and, bound by row-level security, for callers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils

from kioku_vlm.database import lock_asset
from kioku_vlm.observing.digest import observation_hash
from kioku_vlm.observing.observation import State

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

    from kioku_vlm.observing.observation import Heard, Original, Wish

# The update changes nothing, but it locks the row against the deletion of its last asset.
_PUT = """
INSERT INTO vlm.vlm_observations AS o (owner, observation_id, observation_hash, sha256, today, zone,
    locale, interactive, try_after, kept_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + make_interval(secs => $9),
    clock_timestamp() + $10::interval)
ON CONFLICT (owner, observation_hash) DO UPDATE SET state = o.state
RETURNING observation_id, state, observation_id = $2 AS fresh
"""
_DEAD = "SELECT EXISTS (SELECT FROM vlm.asset_tombstones WHERE owner = $1 AND asset_id = $2)"
_KNOWN = "SELECT generation FROM vlm.vlm_observation_assets WHERE owner = $1 AND asset_id = $2"
_ATTACH = """
INSERT INTO vlm.vlm_observation_assets AS a
    (owner, asset_id, observation_id, generation, object_key)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, asset_id) DO UPDATE SET
    generation = greatest(a.generation, excluded.generation)
"""
# Bytes that became an asset live as long as it.
_KEEP = """
UPDATE vlm.vlm_observations SET kept_until = NULL
WHERE owner = $1 AND observation_id = $2 AND kept_until IS NOT NULL
"""
_SEND = """
INSERT INTO vlm.sent_pictures (owner, observation_id, bytes) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""
_ORDER = """
UPDATE vlm.vlm_observations SET state = 'PENDING', reason = '', message = '',
    claim = CASE WHEN claim IS NOT NULL THEN gen_random_uuid() END, attempts = 0,
    try_after = clock_timestamp() + make_interval(secs => $3),
    interactive = $4, updated_at = clock_timestamp()
WHERE owner = $1 AND observation_id = $2
"""


@dataclass(frozen=True)
class Turn:
    """When it is to be read: after so many seconds by the backlog, at once by whoever holds it.

    Args:
        urgent: somebody waits for it.
    """

    urgent: bool
    delay: float


@dataclass(frozen=True)
class Noted:
    """The observation of some bytes; `again`: the asset was ordered anew since."""

    observation_id: UUID
    state: State
    fresh: bool
    again: bool = False


@dataclass(frozen=True)
class _New:
    """An observation that there may be none of yet; `kept` None: as long as its assets."""

    owner: str
    sha256: str
    today: date
    wish: Wish
    kept: timedelta | None


async def note_asset(
    connection: Connection, original: Original, today: date, wish: Wish, turn: Turn
) -> Noted | None:
    """The observation of an asset's bytes, made where there is none; None: the asset is deleted."""
    key = (original.owner, original.asset_id)
    await lock_asset(connection, *key)
    if await connection.fetchval(_DEAD, *key):
        return None
    known = await connection.fetchval(_KNOWN, *key)
    new = _New(original.owner, original.sha256, today, wish, None)
    noted = await _put(connection, new, turn)
    await connection.execute(
        _ATTACH, *key, noted.observation_id, original.generation, original.object_key
    )
    await connection.execute(_KEEP, original.owner, noted.observation_id)
    again = known is not None and known < original.generation
    return Noted(noted.observation_id, noted.state, noted.fresh, again)


async def note_bytes(connection: Connection, owner: str, heard: Heard, turn: Turn) -> Noted:
    """The observation of bytes that came with a request; they stay until they are read."""
    new = _New(owner, heard.sha256, heard.today, heard.wish, heard.kept)
    noted = await _put(connection, new, turn)
    if noted.state is not State.READY:
        await send(connection, owner, noted.observation_id, heard.data)
    return noted


async def send(connection: Connection, owner: str, observation_id: UUID, data: bytes) -> None:
    """Keep bytes that came with a request until they are read."""
    await connection.execute(_SEND, owner, observation_id, data)


async def order(connection: Connection, owner: str, observation_id: UUID, turn: Turn) -> None:
    """Have it read, with a fresh count of attempts; whoever reads it now does so in vain."""
    await connection.execute(_ORDER, owner, observation_id, turn.delay, turn.urgent)


async def _put(connection: Connection, new: _New, turn: Turn) -> Noted:
    row = await connection.fetchrow(
        _PUT,
        new.owner,
        UUID(str(uuid_utils.uuid7())),
        observation_hash(new.sha256),
        new.sha256,
        new.today,
        new.wish.zone,
        new.wish.locale,
        turn.urgent,
        turn.delay,
        new.kept,
    )
    assert row is not None  # noqa: S101 - one row comes back, inserted or found
    return Noted(row["observation_id"], State(row["state"]), row["fresh"])
