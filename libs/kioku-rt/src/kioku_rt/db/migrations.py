"""A schema reaches the same state from any start: numbered SQL files, each applied once.

Files are named `NNNN_pre_name.sql` (run before the new code) or `NNNN_post_name.sql` (run after
the old code is gone). Each runs in its own transaction with `search_path` set to the schema, so
names need no prefix; the whole run holds an advisory lock; what was applied is recorded with a
checksum, and a file that changed afterwards is an error.

The tables that every service has are included by a line of their own:

    -- include: kioku_rt/outbox.sql

(`outbox.sql`, `processed.sql`, `audit_logs.sql`, `audit_seals.sql`; they are part of the checksum,
so they never change once released.)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import asyncpg

from kioku_rt.db.errors import database_errors
from kioku_rt.db.identifiers import identifier
from kioku_rt.db.pool import CONNECT_SECONDS

Phase = Literal["pre", "post"]

_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")
_INCLUDE = re.compile(r"^-- include: kioku_rt/([a-z_]+\.sql)$", re.MULTILINE)
_LOCK = "SELECT pg_advisory_lock(hashtextextended('kioku migrations ' || $1, 0))"


class MigrationError(Exception):
    """The files and the database's record of them do not agree."""


@dataclass(frozen=True)
class Migration:
    """One file, its includes expanded."""

    name: str
    number: int
    phase: Phase
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the expanded text, hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def _snippet(match: re.Match[str]) -> str:
    return resources.files("kioku_rt.db").joinpath("sql", match[1]).read_text()


def _read(file: Traversable) -> Migration:
    match = _NAME.fullmatch(file.name)
    if match is None:
        raise MigrationError(f"{file.name} is not named NNNN_pre_name.sql or NNNN_post_name.sql")
    phase: Phase = "pre" if match[2] == "pre" else "post"
    return Migration(file.name, int(match[1]), phase, _INCLUDE.sub(_snippet, file.read_text()))


class Migrations:
    """The migrations of one schema.

    Args:
        source: a folder, or a package that holds the `.sql` files.
        schema: created if it is missing.

    Raises:
        MigrationError: a badly named file, or two with one number.
    """

    def __init__(self, source: str | Path, schema: str) -> None:
        self.schema = identifier(schema)
        folder = source if isinstance(source, Path) else resources.files(source)
        files = (file for file in folder.iterdir() if file.name.endswith(".sql"))
        self.files = sorted((_read(file) for file in files), key=lambda one: one.number)
        numbers = [one.number for one in self.files]
        if len(set(numbers)) != len(numbers):
            raise MigrationError(f"two migrations of {schema} share a number")

    async def apply(self, dsn: str, phase: Phase | None = None) -> list[str]:
        """Bring the schema up to date; the names of the files that ran.

        Args:
            dsn: of the role that owns the schema.
            phase: only that phase's files; None: all, in number order.

        Raises:
            DependencyDown: the database does not answer.
            MigrationError: an applied file changed.
        """
        with database_errors():
            connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
            try:
                await connection.execute(_LOCK, self.schema)
                return await self._apply(connection, phase)
            finally:
                await connection.close(timeout=CONNECT_SECONDS)

    async def _apply(self, connection: asyncpg.Connection, phase: Phase | None) -> list[str]:
        applied = await self._applied(connection)
        for one in self.files:
            if applied.get(one.name, one.checksum) != one.checksum:
                raise MigrationError(f"{one.name} of {self.schema} changed after it was applied")
        waiting = [
            one for one in self.files if one.name not in applied and phase in (None, one.phase)
        ]
        for one in waiting:
            await self._run(connection, one)
        return [one.name for one in waiting]

    async def _applied(self, connection: asyncpg.Connection) -> dict[str, str]:
        await connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {self.schema};"
            f"CREATE TABLE IF NOT EXISTS {self.schema}.schema_migrations ("
            " name text PRIMARY KEY, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        rows = await connection.fetch(
            f"SELECT name, checksum FROM {self.schema}.schema_migrations"  # noqa: S608
        )
        return {row["name"]: row["checksum"] for row in rows}

    async def _run(self, connection: asyncpg.Connection, one: Migration) -> None:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL search_path = {self.schema}, public")
            await connection.execute("SET LOCAL lock_timeout = '10s'")
            await connection.execute(one.sql)
            await connection.execute(
                f"INSERT INTO {self.schema}.schema_migrations (name, checksum)"  # noqa: S608
                " VALUES ($1, $2)",
                one.name,
                one.checksum,
            )
