"""A schema reaches the same state from any start, and a changed past is refused."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from kioku_rt.db import MigrationError, Migrations


async def test_each_file_is_applied_once_in_order(database, migrations):
    """Numbers give the order; a second run does nothing; a new file runs alone."""
    dsn = await database()
    files = {"0002_pre_b": "ALTER TABLE a ADD y int", "0001_pre_a": "CREATE TABLE a (x int)"}
    assert ["0001_pre_a.sql", "0002_pre_b.sql"] == await migrations(**files).apply(dsn)
    assert [] == await migrations(**files).apply(dsn)
    assert ["0003_pre_c.sql"] == await migrations(
        **files, **{"0003_pre_c": "ALTER TABLE a ADD z int"}
    ).apply(dsn)


async def test_phases_run_apart(database, migrations):
    """`pre` before the new code, `post` after it; together they are everything."""
    dsn = await database()
    made = migrations(
        **{"0001_pre_a": "CREATE TABLE a (x int)", "0002_post_a": "ALTER TABLE a DROP x"}
    )
    assert ["0001_pre_a.sql"] == await made.apply(dsn, "pre")
    assert ["0002_post_a.sql"] == await made.apply(dsn, "post")
    assert [] == await made.apply(dsn)


async def test_a_changed_file_is_refused(database, migrations):
    """What was applied is history; the database is left as it was."""
    dsn = await database()
    await migrations(**{"0001_pre_a": "CREATE TABLE a (x int)"}).apply(dsn)
    with pytest.raises(MigrationError, match="changed"):
        await migrations(
            **{"0001_pre_a": "CREATE TABLE a (x text)", "0002_pre_b": "CREATE TABLE b ()"}
        ).apply(dsn)
    assert await _table(dsn, "demo.b") is None


async def _table(dsn: str, name: str) -> str | None:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT to_regclass($1)::text", name)
    finally:
        await connection.close()


async def test_a_failing_file_leaves_nothing_of_itself(database, migrations):
    """Its statements are rolled back together; the files before it stay."""
    dsn = await database()
    made = migrations(
        **{"0001_pre_a": "CREATE TABLE a ()", "0002_pre_b": "CREATE TABLE b (); SELECT 1/0"}
    )
    with pytest.raises(asyncpg.DivisionByZeroError):
        await made.apply(dsn)
    assert ("demo.a", None) == (await _table(dsn, "demo.a"), await _table(dsn, "demo.b"))


async def test_many_processes_migrate_at_once(database, migrations):
    """Six starters: one applies, five find it done."""
    dsn = await database()
    made = migrations(**{"0001_pre_a": "CREATE TABLE a (); SELECT pg_sleep(0.2)"})
    done = await asyncio.gather(*(made.apply(dsn) for _ in range(6)))
    assert [[], [], [], [], [], ["0001_pre_a.sql"]] == sorted(done)


async def test_names_need_no_schema(database, migrations):
    """Files say `a`, and mean the schema's `a`; extensions in public are in reach."""
    dsn = await database()
    await migrations(**{"0001_pre_a": "CREATE TABLE a (v halfvec(3))"}).apply(dsn)
    assert "demo.a" == await _table(dsn, "demo.a")


@pytest.mark.parametrize("name", ["1_pre_a", "0001_a", "0001_mid_a", "0001_pre_A"])
def test_a_badly_named_file_is_refused(migrations, name):
    """A file that would be forgotten, or run in the wrong phase, is an error."""
    with pytest.raises(MigrationError):
        migrations(**{name: ""})


def test_two_files_with_one_number_are_refused(migrations):
    """Their order would be an accident."""
    with pytest.raises(MigrationError, match="share a number"):
        migrations(**{"0001_pre_a": "", "0001_post_b": ""})


def test_a_schema_is_a_plain_identifier(tmp_path):
    """It becomes part of SQL text."""
    with pytest.raises(ValueError, match="identifier"):
        Migrations(tmp_path, "demo; DROP")
