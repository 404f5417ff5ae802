"""Fixtures for the database layer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from kioku_rt.db import Migrations, close_pool, open_pool


@pytest.fixture
def migrations(tmp_path: Path) -> Callable[..., Migrations]:
    """`migrations(**{"0001_pre_x": sql})`: of a schema `demo`."""

    def make(**files: str) -> Migrations:
        for name, sql in files.items():
            (tmp_path / f"{name}.sql").write_text(sql)
        return Migrations(tmp_path, "demo")

    return make


@pytest.fixture
async def pool(database: Any, migrations: Callable[..., Migrations]) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a database with the shared tables in schema `demo`."""
    lines = (f"-- include: kioku_rt/{name}.sql\n" for name in ("processed", "audit_logs"))
    made = migrations(**{"0001_pre_shared": "".join(lines)})
    pool = await open_pool(
        await database(made.apply, "kioku_rt db"), application_name="test", max_size=3
    )
    yield pool
    await close_pool(pool)
