"""Enqueue: an event exists exactly when its transaction was committed."""

from __future__ import annotations

import asyncpg
import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire
from kioku_rt.errors import KiokuError
from kioku_rt.events import enqueue
from kioku_rt.events.relay import CLAIM
from kioku_rt.reasons import Reason

UPLOADED = events_pb2.AssetUploaded(asset_id="a", owner="o")


async def _enqueue(connection, **changes):
    wish = {"schema": "demo", "subject": "asset.uploaded", "message": UPLOADED, **changes}
    return await enqueue(connection, **wish)


async def test_a_rolled_back_transaction_leaves_no_event(pool):
    """State and event are committed together or not at all."""
    async with acquire(pool) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await _enqueue(connection)
        await transaction.rollback()
        assert 0 == await connection.fetchval("SELECT count(*) FROM demo.outbox")


async def test_enqueue_wants_a_transaction(pool):
    """A pool, or a connection that would commit by itself, is refused."""
    with pytest.raises(TypeError):
        await _enqueue(pool)
    async with acquire(pool) as connection:
        with pytest.raises(TypeError):
            await _enqueue(connection)


async def test_an_event_id_is_enqueued_once(pool):
    """A second enqueue of the same id is a no-op, so retried transactions do not double events."""
    async with acquire(pool) as connection, connection.transaction():
        ids = [await _enqueue(connection, event_id="x") for _ in range(2)]
        assert ["x", "x"] == ids
        assert 1 == await connection.fetchval("SELECT count(*) FROM demo.outbox")


async def test_what_the_event_log_would_refuse_is_refused_at_once(pool):
    """An unknown subject is a bug; a payload above the limit a refusal with its reason."""
    async with acquire(pool) as connection, connection.transaction():
        with pytest.raises(ValueError, match="no stream"):
            await _enqueue(connection, subject="weather.changed")
        large = events_pb2.AssetUploaded(asset_id="x" * 600_000)
        with pytest.raises(KiokuError) as refused:
            await _enqueue(connection, message=large)
    assert Reason.MESSAGE_TOO_LARGE == refused.value.reason


async def test_the_claim_uses_the_partial_index(pool):
    """With 20,000 published rows and a few waiting, the claim reads the index of the waiting."""
    async with acquire(pool) as connection:
        await connection.execute(
            "INSERT INTO demo.outbox (event_id, subject, payload, published_at)"
            " SELECT n::text, 'asset.uploaded', '', CASE WHEN n % 4000 > 0 THEN now() END"
            " FROM generate_series(1, 20000) n"
        )
        await connection.execute("ANALYZE demo.outbox")
        plan = await _plan(connection)
        await connection.execute("TRUNCATE demo.outbox")
        await connection.execute("ANALYZE demo.outbox")
    assert "Index Scan using outbox_waiting" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


async def _plan(connection: asyncpg.Connection) -> str:
    lines = await connection.fetch("EXPLAIN " + CLAIM.format(schema="demo").replace("$1", "100"))
    return "\n".join(line[0] for line in lines)
