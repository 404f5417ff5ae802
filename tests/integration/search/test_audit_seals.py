"""The audit of `search` is a chain too: the job seals it, an operator verifies it."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from kioku_rt.db import close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_search.building import build
from kioku_search.database import SCHEMA, audit_operator, unbound
from kioku_search.preparing import verify_audit
from kioku_search.servers import Servers
from kioku_search.settings import Settings

from tests.integration.search.rig import FakeEmbedder, space


@pytest.fixture
def dsn(db, postgres_server):
    """Of the role that seals."""
    return postgres_server.dsn(db.dsn.rsplit("/", 1)[1], "search_sealer")


async def test_the_job_seals_and_an_operator_verifies(
    db, dsn, objects, event_log, monkeypatch, capsys
):
    """Rows that the service wrote are sealed within a moment; a forged one is told."""
    async with unbound(db.worker) as connection:
        await audit_operator(connection, "keeper", "space.promote", "s")
    await sealed(db, dsn, objects, event_log.url)
    monkeypatch.setenv("KIOKU_SEARCH_SEALER_DSN", dsn)
    assert 0 == await asyncio.to_thread(verify_audit, [])
    assert "The audit of search holds: 1 rows are sealed" in capsys.readouterr().out
    async with db.owner.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE search.audit_logs SET actor = 'eve'")
    assert 1 == await asyncio.to_thread(verify_audit, [])
    monkeypatch.delenv("KIOKU_SEARCH_SEALER_DSN")
    assert 2 == await asyncio.to_thread(verify_audit, [])


async def sealed(db, dsn, objects, nats_url):
    """Run the job of the service as it is wired, until there is a seal."""
    settings = Settings(
        search_api_dsn=db.api_dsn, search_worker_dsn=db.worker_dsn, jwks="nobody.json"
    )
    pool = await open_pool(dsn, max_size=1, application_name="test")
    stop = asyncio.Event()
    async with await EventBus.connect(nats_url, "test") as bus:
        embedder = FakeEmbedder(space())
        servers = Servers(db.api, db.worker, objects, bus, embedder, pool)  # type: ignore[arg-type]
        task = asyncio.create_task(build(settings, servers).consumers["seal"](stop))
        async with asyncio.timeout(60):
            while not await db.owner.fetchval(f"SELECT count(*) FROM {SCHEMA}.audit_seals"):
                await asyncio.sleep(0.05)
        stop.set()
        await task
    await close_pool(pool)


async def test_the_sealer_reads_and_changes_nothing(db, dsn):
    """Its role has two functions and one that counts."""
    connection = await asyncpg.connect(dsn)
    try:
        assert [] == await connection.fetch("SELECT * FROM search.seal_audit()")
        for statement in (
            "SELECT * FROM search.audit_logs",
            "SELECT * FROM search.assets",
            "DELETE FROM search.audit_seals",
            "SELECT search.add_audit_seal(9, 9)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
