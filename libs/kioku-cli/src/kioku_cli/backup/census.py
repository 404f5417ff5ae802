"""Promise: what is counted is counted of one moment, the one that the dump is of.

A repeatable-read transaction exports its snapshot; the counts and `pg_dump` both read that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kioku_cli.backup.manifest import Census, Role, SpaceVectors

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p'
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""
# The first 64 bits of an MD5 of each row, added up: no order, no memory, and any change shows.
_VECTORS = """
SELECT space_id, count(*) AS vectors, sum(('x' || left(md5(
    convert_to(owner || '/' || asset_id || '/' || frame_no || '/', 'UTF8')
    || public.halfvec_send(embedding)), 16))::bit(64)::bigint::numeric)::text AS checksum
FROM search.image_embeddings GROUP BY space_id ORDER BY space_id
"""
_ROLES = """
SELECT rolname AS name, rolbypassrls AS bypass_rls FROM pg_roles
WHERE rolname NOT LIKE 'pg\\_%' AND NOT rolsuper ORDER BY 1
"""
_CLAIMS = "SELECT DISTINCT key FROM search.object_claims WHERE NOT is_prefix"
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Snapshot:
    """One moment of a database, held open.

    Attributes:
        name: what `pg_dump --snapshot` is told.
        moment: the transaction's time.
    """

    connection: asyncpg.Connection
    name: str
    moment: datetime

    async def census(self) -> Census:
        """Rows by table and partition, vectors by space; of tables that outlive a crash."""
        tables = await self.connection.fetch(_TABLES)
        rows = {f"{schema}.{name}": await self._rows(schema, name) for schema, name in tables}
        spaces = {
            one["space_id"]: SpaceVectors(vectors=one["vectors"], checksum=one["checksum"])
            for one in await self.connection.fetch(_VECTORS)
        }
        return Census(rows=rows, spaces=spaces)

    async def _rows(self, schema: str, table: str) -> int:
        name = f'"{schema}"."{table}"'
        count: int = await self.connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608
        return count

    async def claimed_keys(self) -> set[str]:
        """Keys of the objects that rows name."""
        return {row["key"] for row in await self.connection.fetch(_CLAIMS)}

    async def roles(self) -> list[Role]:
        """Roles that are no superusers."""
        return [Role(**dict(row)) for row in await self.connection.fetch(_ROLES)]

    async def migrations(self) -> dict[str, str]:
        """Checksum by name of each migration that was applied."""
        query = "SELECT name, checksum FROM search.schema_migrations ORDER BY name"
        return {row["name"]: row["checksum"] for row in await self.connection.fetch(query)}

    async def versions(self) -> tuple[str, str, int]:
        """PostgreSQL's version, pgvector's, and the database's bytes on disk."""
        row = await self.connection.fetchrow(
            "SELECT current_setting('server_version') AS postgres,"
            " (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,"
            " pg_database_size(current_database()) AS bytes"
        )
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        return row["postgres"], row["pgvector"] or "", row["bytes"]


@asynccontextmanager
async def snapshot(dsn: str) -> AsyncIterator[Snapshot]:
    """Hold one moment of the database until the block ends.  `dsn`: of a superuser."""
    connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            name = await connection.fetchval("SELECT pg_export_snapshot()")
            moment = await connection.fetchval("SELECT now()")
            yield Snapshot(connection, name, moment)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
