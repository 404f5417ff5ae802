"""Audit rows are only added; an event's effect happens once."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from kioku_rt.db import acquire, audit, first_time, forget_processed

ROW = {"actor": "u", "action": "asset.delete", "subject": "a", "outcome": "ok"}


async def test_an_audit_row_belongs_to_the_transaction(pool):
    """Committed with what it tells of; rolled back with it too."""
    async with acquire(pool) as connection:
        async with connection.transaction():
            await audit(connection, schema="demo", **ROW, reason="", details={"k": [1]})
        transaction = connection.transaction()
        await transaction.start()
        await audit(connection, schema="demo", **ROW)
        await transaction.rollback()
        rows = await connection.fetch("SELECT * FROM demo.audit_logs")
    assert [("u", "asset.delete", "a", "ok", "", {"k": [1]})] == [
        (r["actor"], r["action"], r["subject"], r["outcome"], r["reason"], json.loads(r["details"]))
        for r in rows
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE demo.audit_logs SET actor = 'x'",
        "DELETE FROM demo.audit_logs",
        "TRUNCATE demo.audit_logs",
    ],
)
async def test_audit_rows_cannot_be_changed(pool, change):
    """Not even by the owner of the table."""
    async with acquire(pool) as connection:
        await audit(connection, schema="demo", **ROW)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="insert-only"):
            await connection.execute(change)


async def test_two_deliveries_at_once_have_one_effect(pool):
    """The second waits for the first's commit, then finds the event processed."""
    first_has_it = asyncio.Event()

    async def deliver(hold: float) -> bool:
        async with acquire(pool) as connection, connection.transaction():
            is_first = await first_time(connection, schema="demo", consumer="c", event_id="e")
            first_has_it.set()
            await asyncio.sleep(hold)
            return is_first

    first = asyncio.create_task(deliver(0.3))
    await first_has_it.wait()
    assert False is await deliver(0)
    assert True is await first


async def test_a_rolled_back_effect_may_happen_later(pool):
    """The record goes with the transaction that failed."""
    async with acquire(pool) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await first_time(connection, schema="demo", consumer="c", event_id="e")
        await transaction.rollback()
        assert await first_time(connection, schema="demo", consumer="c", event_id="e")
        assert await first_time(connection, schema="demo", consumer="other", event_id="e")


async def test_old_records_are_forgotten(pool):
    """Older than the event log could deliver again."""
    async with acquire(pool) as connection:
        for event_id in ("old", "new"):
            await first_time(connection, schema="demo", consumer="c", event_id=event_id)
        await connection.execute(
            "UPDATE demo.processed SET processed_at = now() - make_interval(days => 31)"
            " WHERE event_id = 'old'"
        )
        assert 1 == await forget_processed(connection, schema="demo")
        assert ["new"] == [
            row[0] for row in await connection.fetch("SELECT event_id FROM demo.processed")
        ]
