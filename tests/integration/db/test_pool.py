"""Every wait on a real PostgreSQL ends, with DependencyDown when it is away."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import asyncpg
import pytest
from kioku_rt.db import acquire, close_pool, database_errors, open_pool, ping
from kioku_rt.errors import DependencyDown


async def test_sessions_are_bounded_on_the_server_too(pool):
    """Statement, lock and idle-in-transaction timeouts are set, and the name can be seen."""
    async with acquire(pool) as connection:
        rows = await connection.fetch(
            "SELECT name, setting FROM pg_settings WHERE name = ANY($1)",
            [
                "application_name",
                "idle_in_transaction_session_timeout",
                "lock_timeout",
                "statement_timeout",
            ],
        )
    assert {
        "application_name": "test",
        "idle_in_transaction_session_timeout": "10000",
        "lock_timeout": "2000",
        "statement_timeout": "5000",
    } == dict(rows)


async def test_a_role_is_set_and_survives_release(database):
    """Each session of the pool acts as the role, also after it was used once."""
    dsn = await database()
    admin = await asyncpg.connect(dsn)
    await admin.execute("DROP ROLE IF EXISTS rt_reader; CREATE ROLE rt_reader")
    await admin.close()
    pool = await open_pool(dsn, application_name="test", max_size=1, role="rt_reader")
    for _ in range(2):
        async with acquire(pool) as connection:
            assert "rt_reader" == await connection.fetchval("SELECT current_user")
    await close_pool(pool)


async def test_an_exhausted_pool_refuses_within_two_seconds(pool):
    """Three connections are out; the fourth caller is told, not kept."""
    async with acquire(pool), acquire(pool), acquire(pool):
        started = time.monotonic()
        with pytest.raises(DependencyDown):
            async with acquire(pool):
                pass
    assert 1.5 < time.monotonic() - started < 3


async def test_a_lock_is_waited_for_two_seconds(pool):
    """A writer behind a table lock is told, and the lock's holder is not disturbed."""
    async with acquire(pool) as holder, holder.transaction():
        await holder.execute("LOCK TABLE demo.processed IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        with pytest.raises(DependencyDown):
            async with acquire(pool) as other:
                await other.execute("SELECT * FROM demo.processed")
    assert 1.5 < time.monotonic() - started < 4


async def test_a_killed_server_is_down_and_comes_back(fresh_postgres):
    """kill -9: calls refuse within seconds; after the start the same pool works."""
    pool = await open_pool(fresh_postgres.dsn(), application_name="test")
    fresh_postgres.kill()
    started = time.monotonic()
    with pytest.raises(DependencyDown):
        await _ping_on(pool)
    assert time.monotonic() - started < 5
    await asyncio.to_thread(fresh_postgres.start)
    await ping(pool)
    await close_pool(pool)


async def _ping_on(pool: asyncpg.Pool) -> None:
    """A backend may go on answering until it notices that its postmaster is dead."""
    for _ in range(100):
        await ping(pool)
        await asyncio.sleep(0.05)


async def test_a_server_killed_under_a_transaction_is_down(fresh_postgres):
    """Also from the middle of a transaction the one error comes out."""
    pool = await open_pool(fresh_postgres.dsn(), application_name="test")

    async def work() -> None:
        async with acquire(pool) as connection, connection.transaction():
            fresh_postgres.kill()
            await asyncio.sleep(0.1)
            await connection.execute("SELECT 1")

    with pytest.raises(DependencyDown):
        await work()
    await close_pool(pool)


async def test_a_frozen_backend_holds_nobody_up(pool):
    """SIGSTOP of one backend: its command ends after about five seconds."""
    async with acquire(pool) as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        started = time.monotonic()
        os.kill(backend, signal.SIGSTOP)
        try:
            with pytest.raises(DependencyDown), database_errors():
                await connection.execute("SELECT 1")
        finally:
            os.kill(backend, signal.SIGCONT)
    assert 4 < time.monotonic() - started < 9


async def test_no_server_is_down_at_opening():
    """Opening a pool on a port where nobody listens says so, at once."""
    with pytest.raises(DependencyDown):
        await open_pool("postgresql://kioku@127.0.0.1:1/x", application_name="test")


async def test_wrong_sql_stays_a_bug(pool):
    """Only the database's absence is translated."""
    with pytest.raises(asyncpg.UndefinedTableError):
        async with acquire(pool) as connection:
            await connection.execute("SELECT * FROM nowhere")


async def test_close_cuts_what_does_not_end(pool, monkeypatch):
    """A connection that is never given back does not hold up the end."""
    monkeypatch.setattr("kioku_rt.db.pool.CLOSE_SECONDS", 0.3)
    other = await pool.acquire()
    started = time.monotonic()
    await close_pool(pool)
    assert time.monotonic() - started < 2
    assert other is not None
