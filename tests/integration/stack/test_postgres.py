"""PostgreSQL as the launcher and the fixtures start it."""

import asyncpg
import pytest


async def _fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_serves_version_18_with_pgvector(database):
    """A fresh database speaks PostgreSQL 18 and knows half-precision vectors."""
    dsn = await database()
    assert str(await _fetch(dsn, "SHOW server_version")).startswith("18.")
    assert await _fetch(dsn, "SELECT '[1,0]'::halfvec <=> '[0,1]'::halfvec") == 1.0


async def test_apply_runs_once_per_key(database):
    """Databases of one key are clones of one template, and do not share rows."""
    runs = []

    async def apply(dsn: str) -> None:
        runs.append(dsn)
        await _fetch(dsn, "CREATE TABLE seen (id int)")

    first = await database(apply, "once")
    second = await database(apply, "once")
    await _fetch(first, "INSERT INTO seen VALUES (1)")
    assert len(runs) == 1
    assert await _fetch(second, "SELECT count(*) FROM seen") == 0


async def test_data_survive_a_kill(fresh_postgres):
    """What was committed is there after SIGKILL and a start in the same folder."""
    await _fetch(fresh_postgres.dsn(), "CREATE TABLE kept AS SELECT 7 AS n")
    idle = await asyncpg.connect(fresh_postgres.dsn())
    fresh_postgres.kill()
    fresh_postgres.start()
    assert await _fetch(fresh_postgres.dsn(), "SELECT n FROM kept") == 7
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await idle.execute("SELECT 1")
    idle.terminate()
